"""What the pages show: read only, a file a page."""
