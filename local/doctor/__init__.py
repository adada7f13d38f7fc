"""Tries each link of the chain for real, in order, and names the broken one with its remedy."""
