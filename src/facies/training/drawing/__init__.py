"""How generated photos are drawn: noise, rocks, boxes, lettering, corals, water and the camera.

Nothing here knows of files or models; `facies.training.synth_cores` and `facies.training.synth_reefs` put the parts
together. Pictures are float32 planes, channel first, (3, H, W), with display values 0 to 1.
"""
