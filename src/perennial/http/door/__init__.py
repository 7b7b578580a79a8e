"""The door itself: connections, bodies, problems, who calls, and how a route is declared."""
