import asyncio, sys
from pathlib import Path
from benchmarks import programs as p, in_process
from benchmarks.samples import cost, middle
async def main():
    folder=Path(sys.argv[1]); rounds=int(sys.argv[2]); refs=[None,*[r for r in sys.argv[3:]]]
    progs=p.make_programs(folder, refs)
    full=next(x for x in progs if x.name=="full")
    with p.servers(full.project) as (d,r):
        for n,x in enumerate(progs): await p.prepare(x,d,r,n)
        samples=await in_process.measure(progs,rounds,["live","me","list","create"])
    for x in progs:
        print(x.name, {w: (round(cost(samples,x.name,w)), middle(samples,x.name,w,"statements")) for w in x.works})
asyncio.run(main())
