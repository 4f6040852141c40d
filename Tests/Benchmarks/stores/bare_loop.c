/* The statements that the sidecar's SQLite store runs, in a loop with nothing around them: what is left to lose.
 *
 *   bare_loop get|query OLD COUNT          single rows by key; pages of 50
 *   bare_loop write OLD NEW COUNT          an update on old and the same row put to new, a transaction each
 *
 * Prints the seconds it took. The databases are in WAL mode with synchronous=FULL, as the sidecar opens them. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void die(sqlite3 *db, const char *what) {
  fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static sqlite3 *opened(const char *path) {
  sqlite3 *db;
  if (sqlite3_open(path, &db)) die(db, path);
  if (sqlite3_exec(db, "pragma journal_mode = wal; pragma synchronous = full", 0, 0, 0)) die(db, "pragma");
  return db;
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, 0)) die(db, sql);
  return statement;
}

static void run(sqlite3 *db, sqlite3_stmt *statement) {
  int status;
  while ((status = sqlite3_step(statement)) == SQLITE_ROW)
    for (int column = sqlite3_column_count(statement); column-- > 0;) (void)sqlite3_column_text(statement, column);
  if (status != SQLITE_DONE) die(db, "step");
  sqlite3_reset(statement);
}

static void update(sqlite3 *db, const char *sql, long count) {
  sqlite3_stmt *begin = prepared(db, "begin immediate"), *commit = prepared(db, "commit");
  static sqlite3_stmt *change[2];
  static sqlite3 *of[2];
  int slot = of[0] == 0 || of[0] == db ? 0 : 1;
  if (of[slot] == 0) of[slot] = db, change[slot] = prepared(db, sql);
  run(db, begin);
  sqlite3_bind_int64(change[slot], 1, count);
  run(db, change[slot]);
  run(db, commit);
  sqlite3_finalize(begin);
  sqlite3_finalize(commit);
}

int main(int count, char **words) {
  if (count < 4) return 64;
  sqlite3 *old = opened(words[2]);
  struct timespec start, end;
  long rounds = atol(words[count - 1]);
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (strcmp(words[1], "write") == 0) {
    sqlite3 *new = opened(words[3]);
    for (long round = 0; round < rounds; round++) {
      update(old, "update t_order set status = ?1, version = version + 1 where order_no = 1 returning *", round);
      update(new, "update orders set state = ?1, version = version + 1 where id = 1 returning *", round);
    }
  } else {
    int isQuery = strcmp(words[1], "query") == 0;
    sqlite3_stmt *find = prepared(
        old, isQuery ? "select order_no, store_id, status, total, version from t_order order by order_no limit 51"
                     : "select order_no, store_id, status, total, version from t_order where order_no = ?1");
    for (long round = 0; round < rounds; round++) {
      if (!isQuery) sqlite3_bind_int64(find, 1, 1);
      run(old, find);
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.6f\n", (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9);
  return 0;
}
