"""Golden numbers of supply/reorder's simulations, by stockpyl 1.0.2 and numpy 1.26.4:
   python golden_simulation.py > simulation.json   (in supply/reorder/testdata)"""
import json, warnings

import numpy as np
warnings.simplefilter("ignore")
from importlib.metadata import version
from stockpyl.supply_chain_network import single_stage_system, serial_system, network_from_edges
from stockpyl.sim import simulation
from stockpyl.instances import load_instance
from stockpyl.gsm_tree import optimize_committed_service_times, preprocess_tree
from stockpyl.ssm_serial import expected_cost

out = {"provenance": {"tool": "stockpyl", "version": version("stockpyl"), "numpy": np.__version__, "command": "python golden_simulation.py > simulation.json"}}
T = 120
rng = np.random.default_rng(7)

def orders(node):
    res=[]
    for s in node.state_vars[:T]:
        tot=0.0
        for k,v in s.order_quantity.items():
            tot += sum(x for kk,x in v.items() if x) if isinstance(v,dict) else v
        res.append(float(tot))
    return res
def level(node):
    return [float(sum(s.inventory_level.values())) if isinstance(s.inventory_level,dict) else float(s.inventory_level) for s in node.state_vars[:T]]
def cost(node):
    return [float(s.holding_cost_incurred+s.stockout_cost_incurred) for s in node.state_vars[:T]]

# One stage: (s, S), (r, Q) and base stock
single=[]
for pol, par, lead, h, p, lam in [("sS",(4,10),2,1,4,2), ("rQ",(12,20),3,.18,.7,5), ("BS",(17,),4,2,9,4)]:
    d=[int(x) for x in rng.poisson(lam,T)]
    kw=dict(policy_type=pol)
    if pol=="sS": kw.update(reorder_point=par[0], order_up_to_level=par[1])
    if pol=="rQ": kw.update(reorder_point=par[0], order_quantity=par[1])
    if pol=="BS": kw.update(base_stock_level=par[0])
    init = par[1] if pol=="sS" else (par[0]+par[1] if pol=="rQ" else par[0])
    net=single_stage_system(holding_cost=h, stockout_cost=p, demand_type="D", demand_list=d, shipment_lead_time=lead, initial_inventory_level=init, **kw)
    simulation(net,T,rand_seed=1,progress_bar=False)
    n=net.nodes[0]
    single.append(dict(policy=pol,parameters=list(par),lead=lead,holding=h,backorder=p,on_hand=init,demand=d,level=level(n),orders=orders(n),cost=cost(n)))
out["single"]=single

# one warehouse, three retailers, base stock
d={i:[int(x) for x in rng.poisson(l,T)] for i,l in [(1,2),(2,3),(3,5)]}
net=network_from_edges(edges=[(0,1),(0,2),(0,3)], node_order_in_lists=[0,1,2,3], local_holding_cost=[.5,1,1,1], stockout_cost=[0,9,9,9],
   demand_type=[None,"D","D","D"], demand_list=[None,d[1],d[2],d[3]], shipment_lead_time=[3,2,2,2], policy_type="BS", base_stock_level=[26,8,11,13],
   initial_inventory_level=[26,8,11,13])
simulation(net,T,rand_seed=1,progress_bar=False)
out["network"]=dict(demand=[d[1],d[2],d[3]],lead=[3,2,2,2],level=[26,8,11,13],nodes=[dict(level=level(net.get_node_from_index(i)),orders=orders(net.get_node_from_index(i)))for i in range(4)])

# guaranteed service: the package's own example and random trees
trees=[]
def gsm(net):
    net=preprocess_tree(net)
    o,c=optimize_committed_service_times(net)
    return {int(k):int(v) for k,v in o.items()}, float(c)
net=load_instance("example_6_5")
o,c=gsm(net); out["example_6_5"]=dict(service=o,cost=c)
import random
r=random.Random(5)
for n in [6,9,12,15,20,25]:
    edges=[]
    for i in range(1,n):
        j=r.randrange(i); e=(j,i) if r.random()<.6 else (i,j); edges.append(e)
    succ={i:[b for a,b in edges if a==i] for i in range(n)}
    pred={i:[a for a,b in edges if b==i] for i in range(n)}
    time=[r.randrange(0,5) for _ in range(n)]; hold=[r.choice([1,2,3,5,8]) for _ in range(n)]
    bound=[0 if succ[i] else r.choice([1,2,3]) for i in range(n)]
    inb=[0 if pred[i] else r.randrange(0,3) for i in range(n)]
    outb=[0 if succ[i] else r.randrange(0,3) for i in range(n)]
    net=network_from_edges(edges=edges,node_order_in_lists=list(range(n)),processing_time=time,local_holding_cost=hold,
       external_inbound_cst=[x if not pred[i] else None for i,x in enumerate(inb)],external_outbound_cst=[x if not succ[i] else None for i,x in enumerate(outb)],
       demand_bound_constant=[1 if not succ[i] else None for i in range(n)], demand_type=["N" if not succ[i] else None for i in range(n)],
       mean=[0 if not succ[i] else None for i in range(n)], standard_deviation=[bound[i] if not succ[i] else None for i in range(n)])
    for nd in net.nodes: nd.processing_time=time[nd.index]
    o,c=gsm(net)
    trees.append(dict(arcs=edges,time=time,hold=hold,bound=bound,inbound=inb,outbound=outb,cost=c))
out["trees"]=trees

# Clark-Scarf, two stages, Poisson demand: exact cost of given echelon levels
serial=[]
for lam,l1,l2,hc,hs,p,s_c,s_s in [(5,2,2,1,2,20,8,14),(5,1,3,.5,1.5,10,14,9)]:
    net=serial_system(num_nodes=2,node_order_in_system=[2,1],node_order_in_lists=[1,2],echelon_holding_cost=[hs-hc,hc],shipment_lead_time=[l1,l2],
       stockout_cost=[p,0],demand_type="P",mean=lam,policy_type="BS",base_stock_level=[0,0])
    S={1:s_s,2:s_s+s_c}
    c=expected_cost(S,network=net)
    serial.append(dict(mean=lam,lead=[l1,l2],holdC=hc,holdS=hs,backorder=p,stockC=s_c,stockS=s_s,cost=float(c)))
out["serial"]=serial
print(json.dumps(out, separators=(',', ':')).replace('},{', '},\n{').replace('],"', '],\n"'))
