//! A database as its engine describes it, and everything it holds: for comparing the schemas of the
//! two engines, and one database before and after.

use std::collections::{BTreeMap, BTreeSet};

use keyfob_store::probe::{self, Cell, Statement};
use keyfob_store::{Store, Tx};

/// The tables and views of a database, by name.
#[derive(Debug, Default)]
pub struct Schema {
    /// The tables.
    pub tables: BTreeMap<String, Table>,
    /// The views, with the names of their columns in order.
    pub views: BTreeMap<String, Vec<String>>,
}

/// A table.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key, in the key's order.
    pub primary_key: Vec<String>,
    /// Its other indexes, by name.
    pub indexes: BTreeMap<String, Index>,
    /// Each column that refers to another table's, as `column -> table (column)`.
    pub references: BTreeSet<String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, in lower case, in the engine's own words.
    pub kind: String,
    /// Whether it may be null.
    pub is_nullable: bool,
}

/// An index beside the primary key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Index {
    /// Whether it makes unique.
    pub is_unique: bool,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Which rows it holds; none: all.
    pub only_where: Option<String>,
}

/// The questions to one engine's own catalogue. Each answers in the same columns.
struct Questions {
    /// relation, `table` or `view`, column, type, 1 if not null, place in the primary key from 1 or 0.
    columns: &'static str,
    /// table, index, 1 if unique, column, condition.
    indexes: &'static str,
    /// table, column, other table, other column.
    references: &'static str,
}

const OF_SQLITE: Questions = Questions {
    columns: r#"SELECT m.name, m.type, c.name, lower(c.type), c."notnull", c.pk
        FROM sqlite_schema m JOIN pragma_table_info(m.name) c
        WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid"#,
    indexes: r#"SELECT m.name, l.name, l."unique", x.name,
            CASE WHEN l.partial = 1 THEN substr(s.sql, instr(s.sql, ' WHERE ') + 7) END
        FROM sqlite_schema m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) x
        LEFT JOIN sqlite_schema s ON s.name = l.name
        WHERE m.type = 'table' AND l.origin <> 'pk' ORDER BY m.name, l.name, x.seqno"#,
    references: r#"SELECT m.name, f."from", f."table", f."to"
        FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"#,
};

const OF_POSTGRES: Questions = Questions {
    columns: "SELECT CAST(c.relname AS TEXT), CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END,
            CAST(a.attname AS TEXT), format_type(a.atttypid, a.atttypmod),
            CAST(CASE WHEN a.attnotnull THEN 1 ELSE 0 END AS BIGINT),
            CAST(COALESCE(array_position(p.conkey, a.attnum), 0) AS BIGINT)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_constraint p ON p.conrelid = c.oid AND p.contype = 'p'
        WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relkind IN ('r', 'v')
        ORDER BY c.relname, a.attnum",
    indexes: "SELECT CAST(t.relname AS TEXT), CAST(i.relname AS TEXT),
            CAST(CASE WHEN x.indisunique THEN 1 ELSE 0 END AS BIGINT), CAST(a.attname AS TEXT),
            pg_get_expr(x.indpred, x.indrelid)
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        CROSS JOIN LATERAL unnest(CAST(x.indkey AS int2[])) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
        WHERE t.relnamespace = CAST('public' AS regnamespace) AND NOT x.indisprimary
        ORDER BY t.relname, i.relname, k.place",
    references: "SELECT CAST(t.relname AS TEXT), CAST(a.attname AS TEXT), CAST(o.relname AS TEXT), CAST(b.attname AS TEXT)
        FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid JOIN pg_class o ON o.oid = f.confrelid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.conkey[1]
        JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = f.confkey[1]
        WHERE f.contype = 'f' AND f.connamespace = CAST('public' AS regnamespace)",
};

const TEXT: Cell = Cell::Text(Some(String::new()));
const MAYBE_TEXT: Cell = Cell::Text(None);
const INT: Cell = Cell::Int(Some(0));

impl Schema {
    /// Reads the schema of a database.
    pub async fn of(store: &Store) -> Schema {
        let questions = match store.engine_name() {
            "sqlite" => OF_SQLITE,
            _server => OF_POSTGRES,
        };
        let mut tx = store.read().await.expect("a transaction");
        let mut schema = Schema::default();
        schema.read_columns(&mut tx, &questions).await;
        schema.read_indexes(&mut tx, &questions).await;
        schema.read_references(&mut tx, &questions).await;
        schema
    }

    async fn read_columns(&mut self, tx: &mut Tx, questions: &Questions) {
        let kinds = [TEXT, TEXT, TEXT, TEXT, INT, INT];
        let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
        for row in ask(tx, questions.columns, &kinds).await {
            let mut cells = row.into_iter();
            let relation = text(cells.next());
            let is_view = text(cells.next()) == "view";
            let (name, kind) = (text(cells.next()), text(cells.next()));
            let (not_null, place) = (int(cells.next()), int(cells.next()));
            if is_view {
                self.views.entry(relation).or_default().push(name);
                continue;
            }
            if place > 0 {
                let key = keys.entry(relation.clone()).or_default();
                key.insert(place, name.clone());
            }
            let table = self.tables.entry(relation).or_default();
            table.columns.push(Column {
                name,
                kind,
                // A part of a primary key is never null, whether the catalogue says so or not.
                is_nullable: not_null == 0 && place == 0,
            });
        }
        for (relation, key) in keys {
            let table = self.tables.entry(relation).or_default();
            table.primary_key = key.into_values().collect();
        }
    }

    async fn read_indexes(&mut self, tx: &mut Tx, questions: &Questions) {
        let kinds = [TEXT, TEXT, INT, TEXT, MAYBE_TEXT];
        for row in ask(tx, questions.indexes, &kinds).await {
            let mut cells = row.into_iter();
            let table = self.tables.entry(text(cells.next())).or_default();
            let index = table.indexes.entry(text(cells.next())).or_default();
            index.is_unique = int(cells.next()) == 1;
            index.columns.push(text(cells.next()));
            index.only_where = maybe_text(cells.next());
        }
    }

    async fn read_references(&mut self, tx: &mut Tx, questions: &Questions) {
        for row in ask(tx, questions.references, &[TEXT, TEXT, TEXT, TEXT]).await {
            let mut cells = row.into_iter();
            let table = self.tables.entry(text(cells.next())).or_default();
            let column = text(cells.next());
            let (other, theirs) = (text(cells.next()), text(cells.next()));
            table
                .references
                .insert(format!("{column} -> {other} ({theirs})"));
        }
    }
}

/// Everything a database holds: of each table its rows, each as one line.
pub async fn dump(store: &Store) -> BTreeMap<String, BTreeSet<String>> {
    let schema = Schema::of(store).await;
    let mut tx = store.read().await.expect("a transaction");
    let mut tables = BTreeMap::new();
    for (name, table) in &schema.tables {
        let columns: Vec<&Column> = table.columns.iter().collect();
        let rows = rows_of(&mut tx, name, &columns).await;
        tables.insert(name.clone(), rows);
    }
    tables
}

/// What the text columns of a table hold, row by row.
pub async fn dump_texts(store: &Store, table: &str) -> BTreeSet<String> {
    let schema = Schema::of(store).await;
    let columns = schema.tables.get(table).map(|table| table.columns.iter());
    let columns: Vec<&Column> = columns.into_iter().flatten().collect();
    let texts: Vec<&Column> = columns
        .into_iter()
        .filter(|column| column.kind == "text")
        .collect();
    let mut tx = store.read().await.expect("a transaction");
    rows_of(&mut tx, table, &texts).await
}

async fn rows_of(tx: &mut Tx, table: &str, columns: &[&Column]) -> BTreeSet<String> {
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let kinds: Vec<Cell> = columns.iter().map(|column| cell_of(&column.kind)).collect();
    let sql = format!("SELECT {} FROM \"{table}\"", names.join(", "));
    let rows = ask(tx, &sql, &kinds).await;
    let line = |row: Vec<Cell>| {
        let cells = columns.iter().zip(&row);
        let cells = cells.map(|(column, cell)| format!("{}={}", column.name, print(cell)));
        cells.collect::<Vec<_>>().join(" ")
    };
    rows.into_iter().map(line).collect()
}

fn cell_of(kind: &str) -> Cell {
    match kind {
        "bigint" | "integer" => Cell::Int(None),
        "text" => Cell::Text(None),
        "uuid" => Cell::Uuid(None),
        _bytes => Cell::Bytes(None),
    }
}

fn print(cell: &Cell) -> String {
    match cell {
        Cell::Int(value) => format!("{value:?}"),
        Cell::Text(value) => format!("{value:?}"),
        Cell::Bytes(value) => format!("{value:02x?}"),
        Cell::Uuid(value) => format!("{value:?}"),
    }
}

async fn ask(tx: &mut Tx, sql: &str, kinds: &[Cell]) -> Vec<Vec<Cell>> {
    let statement: &'static Statement = probe::statement(sql);
    probe::all(tx, statement, &[], kinds)
        .await
        .expect("an answer")
}

fn text(cell: Option<Cell>) -> String {
    maybe_text(cell).expect("a text")
}

fn maybe_text(cell: Option<Cell>) -> Option<String> {
    match cell {
        Some(Cell::Text(text)) => text,
        _other => None,
    }
}

fn int(cell: Option<Cell>) -> i64 {
    match cell {
        Some(Cell::Int(Some(number))) => number,
        _other => 0,
    }
}
