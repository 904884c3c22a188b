"""A service of the endpoints of examples/backend/load, the way a team in Python writes it:
FastAPI on uvicorn, two processes, implicit for lists, SQLite for events.

  pip install implicit==0.7.3 fastapi==0.165.0 "uvicorn[standard]==0.54.0"
  python docs/peers/backend.py STATE PORT

STATE is what `go run ./examples/backend/load -state STATE … prepare` made: vectors, and
orders by customer, which lists leave out. Each event is committed before it is answered.
Lists know of it after the next swap, which the file STATE/swap asks both processes for:
they read vectors and orders again. The backend in Go needs no swap for that.
"""
import hmac, os, sqlite3, sys, threading, time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np, uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from implicit.cpu.als import AlternatingLeastSquares
from pydantic import BaseModel, Field
from scipy.sparse import csr_matrix

state = os.environ.get("SHOP_STATE") or sys.argv[1]
token = "load"


def path(name):
    return os.path.join(state, name)


def load():
    """The model and the orders, as the night's job left them."""
    first = np.fromfile(path("orders.indptr.i64"), "<i8")
    bought = np.fromfile(path("orders.indices.i32"), "<i4")
    users = np.fromfile(path("users.f32"), "<f4").reshape(len(first) - 1, -1)
    items = np.fromfile(path("items.f32"), "<f4").reshape(-1, users.shape[1])
    orders = csr_matrix((np.ones(len(bought), np.float32), bought, first), shape=(len(users), len(items)))
    model = AlternatingLeastSquares(factors=users.shape[1], num_threads=1)
    model.user_factors, model.item_factors = users, items
    model.similar_items(0, N=2)  # computes the norms
    return model, orders


current = load()
titles = [f"Item number {i}" for i in range(current[1].shape[1])]


def watch():
    global current
    seen = os.stat(path("swap")).st_mtime_ns if os.path.exists(path("swap")) else 0
    while True:
        time.sleep(0.2)
        if os.path.exists(path("swap")) and (now := os.stat(path("swap")).st_mtime_ns) != seen:
            seen, current = now, load()
            open(path("swapped"), "a").write("1")


threading.Thread(target=watch, daemon=True).start()


def connect():
    db = sqlite3.connect(path("peer.db"), isolation_level=None, check_same_thread=False, timeout=5)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, customer TEXT NOT NULL,"
        " item TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, quantity INTEGER NOT NULL, amount INTEGER NOT NULL)"
    )
    return db


db, lock = connect(), threading.Lock()


class Ask(BaseModel):
    customer: str = Field("", max_length=128)
    place: str
    items: list[str] = Field([], max_length=50)
    k: int = Field(ge=1, le=100)


class Event(BaseModel):
    id: str = Field(min_length=1, max_length=128)
    customer: str = Field(min_length=1, max_length=128)
    item: str = Field(min_length=1, max_length=128)
    kind: str
    at: str
    quantity: int = Field(1, ge=0)
    amount: int = Field(0, ge=0)


class Events(BaseModel):
    events: list[Event] = Field(min_length=1, max_length=500)


def admit(authorization: str = Header("")):
    if not hmac.compare_digest(authorization.encode(), b"Bearer " + token.encode()):
        raise HTTPException(401, "wrong token")


app = FastAPI()


@app.get("/healthz")
async def health():
    return {"status": "ok"}


@app.post("/v1/recommendations", dependencies=[Depends(admit)])
async def recommend(ask: Ask):
    model, orders = current
    if ask.place == "product":
        item = int(ask.items[0].removeprefix("item-"))
        ids, scores = model.similar_items(item, N=ask.k + 1)
        pairs = [(i, s) for i, s in zip(ids.tolist(), scores.tolist()) if i != item][: ask.k]
    else:
        user = int(ask.customer.removeprefix("customer-"))
        ids, scores = model.recommend(user, orders[user], N=ask.k, filter_already_liked_items=True)
        pairs = zip(ids.tolist(), scores.tolist())
    return {"picks": [{"item": f"item-{i:05d}", "title": titles[i], "score": s} for i, s in pairs]}


@app.post("/v1/events", dependencies=[Depends(admit)])
def events(batch: Events):  # in a thread of the pool: the disk does not hold lists up
    rows = [(e.id, e.customer, e.item, e.kind, e.at, e.quantity, e.amount) for e in batch.events]
    with lock:
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO events (id, customer, item, kind, at, quantity, amount) VALUES (?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING", rows)
        db.execute("COMMIT")
    return {"fates": [{"id": e.id, "fate": "stored"} for e in batch.events]}


if __name__ == "__main__":
    os.environ["SHOP_STATE"] = state
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    uvicorn.run("backend:app", host="127.0.0.1", port=int(sys.argv[2]), workers=2)
