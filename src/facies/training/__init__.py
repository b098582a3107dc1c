"""From labelled pictures to a model package.

NumPy only: plan, datasets, views, splits, metrics, calibration, and the drawn photos. Torch: network, fit, tile_training,
pixel_training, export, train.
"""
