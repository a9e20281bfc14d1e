"""The commands that people type: `suimon …`. Each lives in a module of its own."""
