"""Signing in: at Discord and at an OpenID provider; sessions of browsers."""
