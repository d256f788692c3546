"""Our own API under ``/_mock``: environments, data, access, logbook and traffic, as JSON."""
