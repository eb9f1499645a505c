"""The Quick Test page: choice of an image, probability bars, threshold slider, the explanation by occlusion."""
