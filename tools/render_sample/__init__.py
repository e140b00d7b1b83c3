"""The sample scene from a seed: a tool for developers, needs Blender as a Python module (bpy)."""
