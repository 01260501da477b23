"""Raw tables become dossiers."""
