"""The desk: screens over the service's API. Nothing is decided, priced or worded here."""
