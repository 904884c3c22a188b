"""Golden sums of every feature over four shops; rewrites features.json.

python golden_features.py <data folder with online-retail, completejourney, olist-partial, online-shoppers>

Each column is told as [customers with a value, sum of the values, sum of value * (1 + row % 7)],
customers ascending: facts about the data, no copy of it. The rows are made of the files as
features_golden_test.go makes them; what a column means is the text of Features and Builder.Table.
"""
import json, sys, datetime
import polars as pl

DAY = 86400 * 10**9
DAYS = [7, 30, 90]
KINDS = ["view", "click", "search", "cart", "favorite", "share", "rate", "comment", "purchase", "return"]
WEIGHT = dict(view=1, click=1, search=1, rate=1, comment=1, share=2, cart=3, favorite=3, purchase=5)
EVENT = dict(user=pl.String, ts=pl.Int64, kind=pl.String, item=pl.String, category=pl.String, brand=pl.String, query=pl.String,
             channel=pl.String, device=pl.String, dwell=pl.Int64, position=pl.Int64, pages=pl.Int64, rating=pl.Float64, sentiment=pl.Float64)
ORDER = dict(user=pl.String, ts=pl.Int64, order=pl.String, channel=pl.String)
LINE = dict(order=pl.String, item=pl.String, category=pl.String, brand=pl.String, quantity=pl.Int64, price=pl.Int64, discount=pl.Int64)
REFUND = dict(user=pl.String, ts=pl.Int64, amount=pl.Int64)
data = sys.argv[1]
read = lambda name: pl.read_csv(f"{data}/{name}.csv.gz", infer_schema=False)


def ns(df, column, zone, fmt="%Y-%m-%d %H:%M:%S"):
    """nanoseconds since 1970 of wall-clock texts"""
    t = df[column].str.to_datetime(fmt, time_unit="ns").dt.replace_time_zone(zone).dt.convert_time_zone("UTC")
    return t.dt.epoch("ns")


def frame(rows, schema):
    return pl.DataFrame(rows, schema=schema, orient="row")


def retail():
    d = read("online-retail/online_retail").with_row_index().filter(pl.col("CustomerID") != "").filter(pl.col("CustomerID").cast(pl.Int64) % 10 == 7)
    d = d.with_columns(ts=ns(d, "InvoiceDate", "Europe/London"), quantity=pl.col("Quantity").cast(pl.Int64), price=(pl.col("UnitPrice").cast(pl.Float64) * 1000).round(0).cast(pl.Int64))
    cancelled = pl.col("InvoiceNo").str.starts_with("C")
    sold = d.filter(~cancelled & (pl.col("quantity") > 0))
    lines = sold.select(order="InvoiceNo", item="StockCode", category=pl.lit(""), brand=pl.lit(""), quantity="quantity", price="price", discount=pl.lit(0, pl.Int64))
    orders = sold.group_by("InvoiceNo").agg(pl.col("CustomerID").first(), pl.col("ts").min()).select(user="CustomerID", ts="ts", order="InvoiceNo", channel=pl.lit(""))
    back = d.filter(cancelled & (pl.col("quantity") < 0)).select(user="CustomerID", ts="ts", amount=-pl.col("quantity") * pl.col("price"))
    return frame([], EVENT), orders, lines, back


def journey():
    d = read("completejourney/transactions_sample").filter(pl.col("household_id").cast(pl.Int64) % 3 == 1)
    d = d.join(read("completejourney/products"), on="product_id", how="left", maintain_order="left")
    cents = lambda c: (pl.col(c).cast(pl.Float64) * 100).round(0).cast(pl.Int64)
    d = d.with_columns(ts=ns(d, "transaction_timestamp", "UTC"), quantity=pl.col("quantity").cast(pl.Float64).cast(pl.Int64), paid=cents("sales_value"),
                       gross=cents("sales_value") + cents("retail_disc") + cents("coupon_disc"), user=pl.col("household_id").str.zfill(4)).filter(pl.col("quantity") > 0)
    d = d.with_columns(price=(pl.col("gross") + pl.col("quantity") - 1) // pl.col("quantity"))
    lines = d.select(order="basket_id", item="product_id", category=pl.col("product_category").fill_null(""), brand=pl.col("brand").fill_null(""), quantity="quantity", price="price",
                     discount=pl.col("price") * pl.col("quantity") - pl.col("paid"))
    orders = d.group_by("basket_id").agg(pl.col("user").first(), pl.col("ts").min()).select(user="user", ts="ts", order="basket_id", channel=pl.lit(""))
    return frame([], EVENT), orders, lines, frame([], REFUND)


def olist():
    o = read("olist-partial/joined1k_orders").join(read("olist-partial/joined1k_customers").unique("customer_id"), on="customer_id")
    i = read("olist-partial/joined1k_order_items").join(read("olist-partial/olist_products_dataset_full"), on="product_id", how="left")
    lines = i.select(order="order_id", item="product_id", category=pl.col("product_category_name").fill_null(""), brand="seller_id", quantity=pl.lit(1, pl.Int64),
                     price=(pl.col("price").cast(pl.Float64) * 100).round(0).cast(pl.Int64), discount=pl.lit(0, pl.Int64))
    o = o.with_columns(ts=ns(o, "order_purchase_timestamp", "America/Sao_Paulo")).filter(pl.col("order_id").is_in(lines["order"].implode())).unique("order_id")
    orders = o.select(user="customer_unique_id", ts="ts", order="order_id", channel="customer_state")
    off = o.filter(pl.col("order_status").is_in(["canceled", "unavailable"])).select(user="customer_unique_id", ts=pl.col("ts") + DAY, order="order_id")
    back = off.join(lines.group_by("order").agg(amount=pl.col("price").sum()), on="order").select("user", "ts", "amount")
    return frame([], EVENT), orders, lines, back


vectors = {}


def shoppers():
    events, orders, lines = [], [], []
    second = 10**9
    start = int(datetime.datetime(2017, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) * second
    for i, r in enumerate(read("online-shoppers/online_shoppers_intention").iter_rows(named=True)):
        user, t, item = f"{i % 97:02d}", start + i * 43 * 60 * second, f"p{i}"
        ms = lambda c: int(float(r[c]) * 1000 + .5)
        n = lambda c: int(r[c])
        add = lambda k, kind, item="", query="", channel="", device="", category="", dwell=0, position=0, pages=0, rating=None, sentiment=None: events.append(
            (user, t + 60 * k * second, kind, item, category, "", query, channel, device, dwell, position, pages, rating, sentiment))
        add(0, "view", category=r["VisitorType"], channel="t" + r["TrafficType"], device="os" + r["OperatingSystems"], dwell=ms("Administrative_Duration"), pages=n("Administrative"))
        if n("ProductRelated") > 0:
            add(1, "click", item=item, category=r["VisitorType"], dwell=ms("ProductRelated_Duration"), position=n("ProductRelated"))
        if n("Informational") > 0:
            add(2, "search", query=r["Month"] + " " + r["VisitorType"], pages=n("Informational"))
        if float(r["PageValues"]) > 0:
            add(3, "cart")
        if r["Weekend"] == "TRUE":
            add(4, "rate", rating=int(float(r["PageValues"]) * 100) / 100)
        if float(r["SpecialDay"]) > 0:
            add(5, "comment", sentiment=float(r["SpecialDay"]) - .5)
        if r["Revenue"] == "TRUE":
            orders.append((user, t + 360 * second, item, ""))
            lines.append((item, item, "", "", 1, 100 * (1 + n("Administrative")), 0))
        vectors[item] = [float(r["BounceRates"]), 10 * float(r["ExitRates"]), float(r["SpecialDay"])]
    return frame(events, EVENT), frame(orders, ORDER), frame(lines, LINE), frame([], REFUND)


def windows(df, asof, zone):
    """df before the cut-off with wall-clock columns, whole and in each window"""
    cut = asof.replace(tzinfo=None)
    df = df.with_columns(wall=pl.from_epoch("ts", time_unit="ns").dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None))
    df = df.filter(pl.col("wall") < cut)
    return {d: df if d is None else df.filter(pl.col("wall") >= cut - datetime.timedelta(days=d)) for d in [None] + DAYS}


def days_ago(asof, zone):
    """calendar days, with the part of the day of 23, 24 or 25 hours in which a moment lies"""
    date = pl.col("wall").dt.date()
    # a midnight that the clock skipped is the end of the gap
    begin = lambda d: pl.coalesce([(d.cast(pl.Datetime("ns")) + pl.duration(hours=h)).dt.replace_time_zone(zone, non_existent="null", ambiguous="earliest") for h in (0, 1)]).dt.epoch("ns")
    nxt = date + pl.duration(days=1)
    return (pl.lit(asof.date()) - nxt).dt.total_days() + (begin(nxt) - pl.col("ts")) / (begin(nxt) - begin(date))


def columns(shop, asof, zone, bands, life):
    events, orders, lines, refunds = shop
    cut = int(asof.timestamp()) * 10**9
    lines = lines.join(orders.select("order", "user", "ts"), on="order").with_columns(paid=pl.col("quantity") * pl.col("price") - pl.col("discount"))
    orders = orders.join(lines.group_by("order").agg(paid=pl.col("paid").sum(), units=pl.col("quantity").sum(), discount=pl.col("discount").sum(), lines=pl.len().cast(pl.Int64)), on="order")
    E, O, L, R = (windows(x, asof, zone) for x in (events, orders, lines, refunds))
    users = pl.concat([x[None].select("user") for x in (E, O, R)]).unique().sort("user").with_row_index("row")
    out = {}

    def tell(name, df, zero=False):
        """df has user and x, null or NaN where there is none"""
        v = users.join(df.select("user", x=pl.col("x").cast(pl.Float64)), on="user", how="left").with_columns(x=pl.col("x").fill_nan(None))
        if zero:
            v = v.with_columns(x=pl.col("x").fill_null(0.))
        x = v.filter(pl.col("x").is_not_null())
        out[name] = [len(x), x["x"].sum(), (x["x"] * (1 + x["row"] % 7).cast(pl.Float64)).sum()]

    by = lambda df, x: df.group_by("user").agg(x=x)
    of = lambda a, b: pl.when(b != 0).then(a / b)
    when = lambda cond: cond.sum()
    records = lambda w: pl.concat([x[w].select("user", "ts", "wall") for x in (E, O, R)])
    day = lambda df: df.with_columns(day=pl.col("wall").dt.date())
    for w in [None] + DAYS:
        s = "" if w is None else f"_{w}d"
        e, o, l, r = E[w], O[w], L[w], R[w]
        k = lambda kind: pl.col("kind") == kind
        # base
        tell("orders" + s, by(o, pl.len()), True)
        tell("units" + s, by(o, pl.col("units").sum()), True)
        tell("paid" + s, by(o, pl.col("paid").sum()), True)
        tell("net" + s, by(pl.concat([o.select("user", x="paid"), r.select("user", x=-pl.col("amount"))]), pl.col("x").sum()), True)
        tell("events" + s, by(e, pl.len()), True)
        for kind in KINDS:
            tell(kind + s, by(e.filter(k(kind)), pl.len()), True)
        # features
        tell("active_days" + s, by(day(records(w)), pl.col("day").n_unique()), True)
        tell("basket_lines" + s, by(o, pl.col("lines").mean()))
        tell("basket_units" + s, by(o, pl.col("units").mean()))
        tell("item_price" + s, by(l, pl.col("price").mean()))
        tell("item_price_most" + s, by(l, pl.col("price").max()))
        clicks = e.filter(k("click") & (pl.col("position") > 0))
        tell("click_position" + s, by(clicks, pl.col("position").mean()))
        tell("click_top3" + s, by(clicks, (pl.col("position") <= 3).mean()))
        tell("click_rate" + s, by(e, of(when(k("click")), when(k("view")))))
        tell("discount_share" + s, by(o, of(pl.col("discount").sum(), pl.col("discount").sum() + pl.col("paid").sum())))
        tell("discount_orders" + s, by(o, (pl.col("discount") > 0).mean()))
        seen = pl.concat([x.select("user", "item", "category", "brand") for x in (e, l)])
        for name, c in dict(items="item", categories="category", brands="brand").items():
            tell(f"distinct_{name}{s}", by(seen.filter(pl.col(c) != ""), pl.col(c).n_unique()), True)
        dwell = e.filter(pl.col("dwell") > 0).with_columns(dwell=pl.col("dwell") / 1000)
        tell("dwell_mean" + s, by(dwell, pl.col("dwell").mean()))
        tell("dwell_sd" + s, by(dwell, pl.col("dwell").std()))
        tell("dwell_most" + s, by(dwell, pl.col("dwell").max()))
        steps = pl.concat([e.select("user", "kind"), o.select("user", kind=pl.lit("order"))])
        for name, (a, b) in dict(search_cart=("cart", "search"), view_cart=("cart", "view"), cart_order=("order", "cart"), view_order=("order", "view")).items():
            tell(name + s, by(steps, of(when(k(a)), when(k(b)))))
        rates, comments = e.filter(k("rate") & pl.col("rating").is_not_null()), e.filter(k("comment") & pl.col("sentiment").is_not_null())
        tell("rating_mean" + s, by(rates, pl.col("rating").mean()))
        tell("rating_least" + s, by(rates, pl.col("rating").min()))
        tell("rating_sd" + s, by(rates, pl.col("rating").std()))
        tell("sentiment_mean" + s, by(comments, pl.col("sentiment").mean()))
        tell("sentiment_negative" + s, by(comments, (pl.col("sentiment") < 0).mean()))
        pages = e.filter(pl.col("pages") > 0)
        tell("pages_mean" + s, by(pages, pl.col("pages").mean()))
        tell("pages_most" + s, by(pages, pl.col("pages").max()))
        tell("refund_count" + s, by(r, pl.len()), True)
        both = by(r, pl.col("amount").sum()).join(r.group_by("user").agg(n=pl.len()), on="user").join(o.group_by("user").agg(paid=pl.col("paid").sum(), orders=pl.len()), on="user", how="full", coalesce=True).fill_null(0)
        tell("refund_share" + s, both.select("user", x=of(pl.col("x"), pl.col("paid"))))
        tell("refund_orders" + s, both.select("user", x=of(pl.col("n"), pl.col("orders"))))
        tell("order_count" + s, by(o, pl.len()), True)
        tell("order_units" + s, by(o, pl.col("units").sum()), True)
        tell("order_money" + s, by(o, pl.col("paid").sum()), True)
        tell("order_mean" + s, by(o, pl.col("paid").mean()))
        if w is None:
            continue
        def trend(name, df, x):
            ago = pl.lit(asof.replace(tzinfo=None)) - pl.col("wall")
            side = df.filter(ago <= pl.duration(days=2 * w)).with_columns(side=pl.when(ago <= pl.duration(days=w)).then(1).otherwise(-1))
            tell(f"trend_{name}_{w}d", by(side, of((x * pl.col("side")).sum(), x.sum())))
        trend("events", E[None].with_columns(one=pl.lit(1, pl.Int64)), pl.col("one"))
        trend("orders", O[None].with_columns(one=pl.lit(1, pl.Int64)), pl.col("one"))
        trend("money", O[None], pl.col("paid"))
    e, o, l, r = E[None], O[None], L[None], R[None]
    ago = lambda df: df.with_columns(ago=days_ago(asof, zone))
    wall = lambda df: by(ago(df), pl.col("ago").min())
    age = lambda df: by(df, (cut - pl.col("ts").max()) / DAY)
    tell("active_days_ago", wall(records(None)))
    tell("recency_days", wall(o))
    tell("event_days", age(e)), tell("order_days", age(o)), tell("refund_days", age(r))
    tell("tenure_days", by(ago(records(None)), pl.col("ago").max()))
    tell("last_active_day", by(day(records(None)), (pl.lit(asof.date()) - pl.col("day").max()).dt.total_days()))
    tell("gap_days", by(ago(o), pl.when(pl.len() > 1).then((pl.col("ago").max() - pl.col("ago").min()) / (pl.len() - 1))))
    gaps = o.sort("user", "ts").with_columns(gap=(pl.col("ts") - pl.col("ts").shift(1).over("user")) / DAY).filter(pl.col("gap").is_not_null())
    tell("gap_mean", by(gaps, pl.col("gap").mean()))
    tell("gap_sd", by(gaps, pl.col("gap").std()))
    tell("gap_cv", by(gaps, pl.when(pl.col("gap").mean() > 0).then(pl.col("gap").std() / pl.col("gap").mean())))
    tell("gap_most", by(gaps, pl.col("gap").max()))
    tell("order_value", by(o, pl.col("paid").mean())), tell("basket_size", by(o, pl.col("units").mean()))
    tell("refund_rate", both_rate(o, r))
    tell("dwell_seconds", by(e.filter(pl.col("dwell") > 0), pl.col("dwell").mean() / 1000))
    tell("position", by(e.filter(pl.col("position") > 0), pl.col("position").mean()))
    tell("pages", by(e, pl.col("pages").sum()), True)
    tell("rating", by(e.filter(pl.col("kind") == "rate"), pl.col("rating").mean()))
    tell("sentiment", by(e.filter(pl.col("kind") == "comment"), pl.col("sentiment").mean()))
    whole = records(None)
    for i, d in enumerate(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]):
        tell(f"weekday={d}", by(whole, (pl.col("wall").dt.weekday() == i + 1).mean()))
    for h in range(24):
        tell(f"hour={h}", by(whole, (pl.col("wall").dt.hour() == h).mean()))
    # affinities: the weight of the kind, halved for every half-life of its age
    weight = lambda kind, ts: kind * (2.0 ** (-(cut - ts) / (life * DAY)))
    ew = e.with_columns(w=weight(pl.col("kind").replace_strict(WEIGHT, default=0, return_dtype=pl.Float64), pl.col("ts"))) if len(e) else e.with_columns(w=pl.lit(0.))
    lw = l.with_columns(w=weight(pl.lit(5.), pl.col("ts")))
    ow = o.with_columns(w=weight(pl.lit(5.), pl.col("ts")))
    band = sum(((pl.col("price") >= b).cast(pl.Int64) for b in bands), pl.lit(0)).cast(pl.String) if bands else pl.lit("")
    parts = dict(
        category=[x.select("user", "w", label="category") for x in (ew, lw)], brand=[x.select("user", "w", label="brand") for x in (ew, lw)],
        price_band=[lw.select("user", "w", label=band)], term=[ew.with_columns(label=pl.col("query").str.split(" ")).explode("label").select("user", "w", "label")],
        channel=[ew.select("user", "w", label="channel"), ow.select("user", "w", label="channel")], device=[ew.select("user", "w", label="device")])
    for dim, list_ in parts.items():
        t = pl.concat([x.with_columns(w=pl.col("w").cast(pl.Float64)) for x in list_]).filter((pl.col("label") != "") & (pl.col("w") > 0))
        total = t.group_by("user").agg(total=pl.col("w").sum())
        top = t.group_by("label").agg(pl.col("w").sum()).sort("w", "label", descending=[True, False])["label"].head(8)
        for label in top:
            part = t.filter(pl.col("label") == label).group_by("user").agg(part=pl.col("w").sum())
            x = total.join(part, on="user", how="left").with_columns(x=pl.col("part").fill_null(0.) / pl.col("total"))
            tell(f"{dim}={label}", x)
    if vectors and len(e):
        table = pl.DataFrame(dict(item=list(vectors), v=list(vectors.values())))
        items = pl.concat([x.select("user", "ts", "item") for x in (e, l)]).join(table, on="item").with_columns(w=2.0 ** (-(cut - pl.col("ts")) / (20 * DAY)))
        for j in range(3):
            # the vectors are float32
            tell(f"vec={j}", by(items, (pl.col("w") * pl.col("v").list.get(j).cast(pl.Float32).cast(pl.Float64)).sum() / pl.col("w").sum()))
    return dict(users=len(users), columns={k: v for k, v in sorted(out.items()) if v[1] != 0})


def both_rate(o, r):
    x = o.group_by("user").agg(paid=pl.col("paid").sum()).join(r.group_by("user").agg(back=pl.col("amount").sum()), on="user", how="left").with_columns(pl.col("back").fill_null(0))
    return x.select("user", x=pl.when(pl.col("paid") != 0).then(pl.col("back") / pl.col("paid")))


from zoneinfo import ZoneInfo
at = lambda zone, *ymd: datetime.datetime(*ymd, tzinfo=ZoneInfo(zone))
shops = dict(
    retail=columns(retail(), at("Europe/London", 2011, 11, 10), "Europe/London", [], 30),
    journey=columns(journey(), at("America/New_York", 2017, 11, 15), "America/New_York", [100, 300, 1000], 45),
    olist=columns(olist(), at("America/Sao_Paulo", 2018, 8, 1), "America/Sao_Paulo", [5000, 20000], 30),
    shoppers=columns(shoppers(), at("UTC", 2017, 12, 1), "UTC", [200, 500], 10))
out = dict(provenance=dict(tool="polars", version=pl.__version__, command="python golden_features.py <data>"), shops=shops)
text = json.dumps(out, indent=None, separators=(",", ":"))
open("features.json", "w").write(text.replace('"columns":{', '"columns":{\n').replace('],"', '],\n"').replace('}},"', '}},\n"') + "\n")
for name, s in shops.items():
    print(name, s["users"], len(s["columns"]))
