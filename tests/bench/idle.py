"""How long the loop of a server stands still while nothing is asked of it, seen from outside."""

import http.client
import time

from tests.bench.running import Target


def worst_stall_ms(target: Target, seconds: float = 10.0) -> float:
    """The slowest of the answers to one small question every millisecond, less the median.

    An upper bound: what the machine itself does in between counts too.
    """
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
    took: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        took.append(time.perf_counter() - began)
        time.sleep(max(0.0, 0.001 - took[-1]))
    connection.close()
    took = sorted(took[20:])
    return (took[-1] - took[len(took) // 2]) * 1000
