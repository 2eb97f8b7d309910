"""Every door: command line, HTTP API, chat page."""
