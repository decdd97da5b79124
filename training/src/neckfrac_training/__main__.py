"""python -m neckfrac_training train|export ..."""

import argparse
import dataclasses
import sys
from pathlib import Path

from .data import PreparedError
from .networks import WeightsError
from .recipe import RecipeError, load_recipe

NETWORKS = ("segmenter", "slices", "sequence")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("neckfrac_training", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)

    train = verbs.add_parser("train", help="prepared arrays -> weights")
    train.add_argument("network", choices=[*NETWORKS, "all"])
    train.add_argument("--recipe", default="compact", help="a name in recipes/ or a .toml file")
    train.add_argument("--data", required=True, type=Path, help="folder of `neckfrac prepare`")
    train.add_argument("--out", required=True, type=Path, help="folder of the run, shared by the networks")
    train.add_argument("--minutes", type=float, help="instead of the recipe's")
    train.add_argument("--threads", type=int, help="instead of the recipe's")
    train.add_argument("--fold", type=int, help="instead of the recipe's")
    train.add_argument("--seed", type=int, help="instead of the recipe's")
    train.add_argument("--device", default="", choices=["", "cpu"], help="cpu: leave a GPU alone")
    train.add_argument("--resume", action="store_true", help="continue from RUN/NETWORK/last.pt")

    export = verbs.add_parser("export", help="weights -> ONNX, parity fixtures, manifest.json")
    export.add_argument("--run", required=True, type=Path)
    export.add_argument("--bundle", required=True, type=Path)
    export.add_argument("--name", required=True)
    export.add_argument("--version", required=True)
    export.add_argument("--half", action="store_true", help="store weights as float16, compute in float32")

    options = parser.parse_args(arguments)
    try:
        return run_train(options) if options.verb == "train" else run_export(options)
    except (RecipeError, PreparedError, WeightsError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def run_train(options) -> int:
    from .run import train_network

    recipe = load_recipe(options.recipe)
    changed = {k: getattr(options, k) for k in ("threads", "fold", "seed") if getattr(options, k) is not None}
    recipe = dataclasses.replace(recipe, **changed)
    for network in NETWORKS if options.network == "all" else (options.network,):
        if options.minutes is not None:
            own = shorten(getattr(recipe, network), options.minutes)
            recipe = dataclasses.replace(recipe, **{network: own})
        train_network(network, recipe, options.data, options.out, options.resume, options.device)
    return 0


def shorten(own, minutes: float):
    """The network's recipe with another budget; the stages before the end-to-end one keep their shares."""
    stages = {}
    for name in ("feature_minutes", "head_minutes"):
        if own.minutes and getattr(own, name, 0):
            stages[name] = getattr(own, name) * minutes / own.minutes
    return dataclasses.replace(own, minutes=minutes, **stages)


def run_export(options) -> int:
    from .export import export_bundle

    for line in export_bundle(options.run, options.bundle, options.name, options.version, options.half):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
