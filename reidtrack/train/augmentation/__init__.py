"""Varying training images, and the style of feature maps, so that a network does not lean on either."""
