"""The emulator (MiniStack) as the twin runs it, with what it lacks corrected."""
