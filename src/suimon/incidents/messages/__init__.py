"""Every text that an incident is published with."""
