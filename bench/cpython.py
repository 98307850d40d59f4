"""Beside the figures: the same operations in CPython, for a sense of scale.

Nanoseconds an operation, the best of several runs, the loop's own cost taken off where it can be told. figures.sh runs this
if there is a python3, whichever build that is.
"""

import json
import platform
import random
import sys
import time

ROUNDS = 7


def best(run, operations):
    times = []
    for _ in range(ROUNDS):
        start = time.thread_time_ns()
        run()
        times.append(time.thread_time_ns() - start)
    return min(times) / operations


def empty_loop(items):
    for _ in items:
        pass


def list_get(items, numbers):
    for i in numbers:
        items[i]


def list_append(numbers):
    items = []
    append = items.append
    for i in numbers:
        append(i)


def dict_get(table, keys):
    for key in keys:
        table[key]


def dict_set(table, keys):
    for key in keys:
        table[key] = 1.0


def main():
    count = 100_000
    numbers = list(range(count))
    floats = [float(i) for i in numbers]
    strs = [f"the key number {i}" for i in range(256)] * (count // 256)
    by_str = dict.fromkeys(strs, 1.0)
    ints = [100_000 + 7919 * (i % 256) for i in range(len(strs))]
    by_int = dict.fromkeys(ints, 1.0)
    source = random.Random(1)
    million = [source.getrandbits(32) for _ in range(1_000_000)]
    text = json.dumps([{"id": i, "name": f"item {i}", "tags": ["a", "b"], "price": i / 7} for i in range(5000)])
    value = json.loads(text)

    loop = best(lambda: empty_loop(numbers), count)
    rows = [
        ("list_get", best(lambda: list_get(floats, numbers), count) - loop, "ns"),
        ("list_append", best(lambda: list_append(numbers), count) - loop, "ns"),
        ("list_iterate", best(lambda: empty_loop(floats), count), "ns"),
        ("dict_get_str", best(lambda: dict_get(by_str, strs), len(strs)) - loop, "ns"),
        ("dict_get_int", best(lambda: dict_get(by_int, ints), len(ints)) - loop, "ns"),
        ("dict_set_str", best(lambda: dict_set(by_str, strs), len(strs)) - loop, "ns"),
        ("dict_set_int", best(lambda: dict_set(by_int, ints), len(ints)) - loop, "ns"),
        ("sort_million_ints", best(lambda: sorted(million), len(million)), "ns an item"),
        ("json_load", best(lambda: json.loads(text), len(text)), "ns a byte"),
        ("json_dump", best(lambda: json.dumps(value), len(text)), "ns a byte"),
    ]
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"CPython {platform.python_version()}, {'with the GIL' if gil else 'free-threaded'}, for comparison:")
    for name, ns, unit in rows:
        print(f"  cpython_{name:<24} {ns:9.2f} {unit}")


if __name__ == "__main__":
    main()
