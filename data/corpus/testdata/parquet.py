# Writes pyarrow.parquet (pyarrow 26.0.1): two row groups, a null, a blank text.
import pyarrow as pa, pyarrow.parquet as pq
texts = ["first", None, "Schrödinger's cat\n\nand its dog", "first", " ", "日本語"]
table = pa.table({"id": list(range(len(texts))), "text": texts, "meta": [{"words": t.split() if t else []} for t in texts]})
pq.write_table(table, "pyarrow.parquet", row_group_size=4, compression="zstd")
