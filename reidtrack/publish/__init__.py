"""Where events and figures go while cameras are live: MQTT, web hooks, and a health page over HTTP."""
