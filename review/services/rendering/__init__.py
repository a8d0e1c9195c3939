"""Official papers as files: what a paper says is composed once and set as DOCX or PDF."""
