"""The intake function: a file comes in, is checked, and its run is started."""
