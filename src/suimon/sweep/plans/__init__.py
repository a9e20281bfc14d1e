"""What each part of the sweep decides from what it has read. Pure."""
