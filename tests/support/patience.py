# SPDX-License-Identifier: Apache-2.0
"""Waiting for what comes soon, or never."""
import time

SECONDS = 300


def until(what, condition, seconds=SECONDS):
    """Wait for it; what it says."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f'{what}: not within {seconds} s')
        time.sleep(0.02)
    return result
