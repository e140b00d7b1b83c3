"""Association of more tracklets than are solved at once: blocks of time, then whoever was seen in several."""
