"""A small Discord on loopback: REST, gateway, interactions, and a page to look at it.

An unmodified discord.py logs in here, so that the shipped bot can be tried, tested and measured without an account.
Nothing outside the demo, the tests and the benchmarks imports this package. It starts with `server.Guild`.

The state         world, messages, attachments, events, cast (the first day), storage, snowflakes, permissions
What is refused   validation, components, commands, made of rules; errors in Discord's words
The bot's side    rest, callbacks (HTTP), gateway and sessions (WebSocket), objects (what both send)
Between           interactions (one action and its answers), requests (what a person did, as data)
The people's side pageapi and page/, person (the same over HTTP, for tests), admin (the guild's own screws)
"""
