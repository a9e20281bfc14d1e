"""A burst of small files through a whole twin: how fast the gate takes them in, and that none is lost or run twice."""
