"""One module for each screen; each is a function `page` that Streamlit's navigation calls."""
