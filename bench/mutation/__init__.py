"""Would the tests notice if a decision were another? Measured by making it another."""
