"""A model behind Ray Serve, on a local cluster of its own: it speaks the Open Inference Protocol.
Prints a line `ready` once it listens, and goes on until it is killed.

Usage: ray_model.py HTTP_PORT FOLDER_FOR_RAY (short: sockets are made in it)"""

import asyncio
import functools
import signal
import sys

import ray
from fastapi import FastAPI, Request
from ray import serve

app = FastAPI()


@serve.deployment
@serve.ingress(app)
class Sum:
    """Gives each row's sum. A request that says `hold` is never answered."""

    def __init__(self):
        self.held = self.left = 0

    @app.get("/v2/models/sum/ready")
    def ready(self):
        return {"ready": True}

    @app.get("/v2/models/sum")
    def about(self):
        inputs = [{"name": "x", "datatype": "FP64", "shape": [-1, -1]}]
        outputs = [{"name": "sum", "datatype": "FP64", "shape": [-1]}]
        head = {"name": "sum", "versions": ["1"], "platform": "ray"}
        return head | {"inputs": inputs, "outputs": outputs}

    @app.get("/held")
    def count(self):
        return {"held": self.held, "left": self.left}

    @app.post("/v2/models/sum/infer")
    async def infer(self, request: Request):
        # Not as a parameter: clients of the protocol need not say that it is JSON.
        asked = await request.json()
        if "hold" in asked.get("parameters", {}):
            await self.hold()
        tensor = asked["inputs"][0]
        rows, columns = tensor["shape"]
        data = tensor["data"]
        sums = [sum(data[row * columns : (row + 1) * columns]) for row in range(rows)]
        output = {"name": "sum", "datatype": "FP64", "shape": [rows], "data": sums}
        return {"model_name": "sum", "model_version": "1", "outputs": [output]}

    async def hold(self):
        self.held += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.held -= 1
            self.left += 1


if __name__ == "__main__":
    port, folder = int(sys.argv[1]), sys.argv[2]
    # `init` has no argument for it, and the agent would take port 52365.
    parameters = ray._private.parameter
    parameters.RayParams = functools.partial(parameters.RayParams, dashboard_agent_listen_port=0)
    ray.init(
        "local",
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=100 * 2**20,
        _temp_dir=folder,
        _plasma_directory=folder,
        _node_ip_address="127.0.0.1",
        log_to_driver=False,
    )
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    serve.run(Sum.options(ray_actor_options={"num_cpus": 0}).bind())
    print("ready", flush=True)
    signal.pause()
