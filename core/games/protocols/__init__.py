"""How games are asked who plays: one module a protocol. The bot asks by these, and so does the agent beside a game,
which has to stay small: at start they load the standard library only, and a library where a game needs it.

What answers is a game that members run: every answer is bounded in size and time, comes from the address that was
asked, and is read by its lengths. Minecraft's and Steam's are read here and not by mcstatus and python-a2s, which a
game could make read or unpack without end; tests hold that these libraries understand the same.
"""
