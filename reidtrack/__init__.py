"""reidtrack: several cameras in, one identity per person out.

Importing the package costs nothing: every heavy library (torch, OpenVINO, OpenCV, PyAV) is imported where it is used.
From Python, begin with `from reidtrack import api`.
"""

__version__ = "0.1.0"
