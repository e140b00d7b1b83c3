"""Who is asking, and what they may do: accounts, sessions, the rule of each route, what is written down."""
