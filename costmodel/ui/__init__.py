"""The app's pages: what finance people open. Pages draw; every number comes from a report."""
