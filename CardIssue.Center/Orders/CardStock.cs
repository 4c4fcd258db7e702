using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>What is done with a stock of blank cards. The numbers are in the store: never change one.</summary>
public enum StockMoveKind
{
    /// <summary>Cards were delivered to a terminal.</summary>
    Delivered = 1,
    /// <summary>Cards are no good, or were destroyed.</summary>
    Scrapped = 2,
    /// <summary>Somebody counted how many are there.</summary>
    Counted = 3,
}

/// <summary>What became of a move.</summary>
public enum StockOutcome
{
    /// <summary>It is in the books.</summary>
    Done = 1,
    /// <summary>The person has not the role for it.</summary>
    NotAllowed = 2,
    /// <summary>There is no such terminal, or no such product.</summary>
    NotFound = 3,
    /// <summary>These numbers were delivered before, or are scrapped already.</summary>
    Overlaps = 4,
    /// <summary>These numbers were not delivered there, or so many cards can't be there.</summary>
    NotThere = 5,
    /// <summary>The count, the number or the reason is out of range.</summary>
    DoesNotFit = 6,
}

/// <summary>A move of a stock of blank cards.</summary>
/// <param name="Terminal">Where.</param>
/// <param name="Product">The product that the cards are for, by name.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Count">How many cards; 1 to <see cref="CardStock.MaxCount"/>, of a count from 0.</param>
/// <param name="First">The number that is printed on the first of them; null for cards without numbers, and for a count.</param>
/// <param name="Reason">Why they are scrapped, or a delivery's note; at most 1,000 characters.</param>
public sealed record StockMove(TerminalId Terminal, string Product, StockMoveKind Kind, long Count, long? First = null, string Reason = "");

/// <summary>A terminal's stock of one product.</summary>
/// <param name="Terminal">Where.</param>
/// <param name="Product">Of what.</param>
/// <param name="Delivered">How many cards came.</param>
/// <param name="Used">How many the registry says were issued there since the first came, and were spoilt there: bound to an order that was voided instead.</param>
/// <param name="Scrapped">How many were scrapped.</param>
/// <param name="Counted">How many there were when they were counted last; null where they never were.</param>
/// <param name="CountedAt">When, UTC.</param>
/// <param name="Missing">How many were missing then; less than 0 where there were more than there should.</param>
public sealed record StockReport(
    TerminalId Terminal, string Product, long Delivered, long Used, long Scrapped, long? Counted, DateTimeOffset? CountedAt, long? Missing)
{
    /// <summary>How many should be there.</summary>
    public long Expected => Delivered - Used - Scrapped;
}

/// <summary>Stocks of blank cards. A stock is kept where cards were delivered; what is used of it nobody enters: the registry of cards says.</summary>
public sealed class CardStock(CenterDatabase database)
{
    /// <summary>The most cards of one move.</summary>
    public const long MaxCount = 10_000_000;

    /// <summary>The longest reason, in characters.</summary>
    internal const int MaxReason = 1_000;

    private const long MaxNumber = 999_999_999_999_999_999;

    /// <summary>Enters a move; the log says who did.</summary>
    /// <exception cref="StoreException">The store could not be read or written.</exception>
    public Task<StockOutcome> MoveAsync(StockMove move, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(move);
        database.Check(person);
        return database.WriteAsync(store =>
        {
            var outcome = person.MayNow(store, PersonRoles.Clerk | PersonRoles.Supervisor) ? Judge(store, move) : StockOutcome.NotAllowed;
            if (outcome is not StockOutcome.Done) return outcome;
            store.Execute("""
                INSERT INTO stock_moves (terminal, product, kind, first_number, count, reason, person, at)
                VALUES ($terminal, $product, $kind, $first, $count, $reason, $person, $at)
                """, ("$terminal", move.Terminal), ("$product", move.Product), ("$kind", move.Kind), ("$first", move.First), ("$count", move.Count),
                ("$reason", move.Reason), ("$person", person.Name.Value), ("$at", store.Now));
            store.Log(ConsoleLog.Of("Stock" + move.Kind, new
            {
                person = person.Name.Value, product = move.Product, first = move.First, count = move.Count, reason = move.Reason,
            }, terminal: move.Terminal));
            return StockOutcome.Done;
        }, cancellation);
    }

    /// <summary>All stocks, by terminal and product.</summary>
    /// <exception cref="StoreException">The store could not be read.</exception>
    public async Task<IReadOnlyList<StockReport>> ReportAsync(CancellationToken cancellation = default) => await database.ReadAsync(
        store => store.Query("SELECT DISTINCT terminal, product FROM stock_moves ORDER BY terminal, product",
            row => (Terminal: new TerminalId(row.Text("terminal")!), Product: row.Text("product")!)).ConvertAll(it => Report(store, it.Terminal, it.Product)),
        cancellation).ConfigureAwait(false);

    private static StockOutcome Judge(StoreView store, StockMove move)
    {
        var isCount = move.Kind is StockMoveKind.Counted;
        if (!Enum.IsDefined(move.Kind) || move.Count < (isCount ? 0 : 1) || move.Count > MaxCount || move.First is < 0 or > MaxNumber || (isCount && move.First is not null)
            || move.Reason.Length > MaxReason || (move.Kind is StockMoveKind.Scrapped && move.Reason.Length == 0)) return StockOutcome.DoesNotFit;
        if (store.Number("SELECT count(*) FROM terminals WHERE terminal = $terminal", ("$terminal", move.Terminal)) == 0
            || store.Number("SELECT count(*) FROM products WHERE name = $product", ("$product", move.Product)) == 0) return StockOutcome.NotFound;
        if (move.Kind is StockMoveKind.Delivered) return Overlaps(store, move, null) ? StockOutcome.Overlaps : StockOutcome.Done;
        var report = Report(store, move.Terminal, move.Product);
        if (report.Delivered == 0) return StockOutcome.NotThere;
        if (isCount) return StockOutcome.Done;
        if (move.Count > report.Expected || !IsDelivered(store, move)) return StockOutcome.NotThere;
        return Overlaps(store, move, move.Terminal) ? StockOutcome.Overlaps : StockOutcome.Done;
    }

    /// <summary>A number is delivered once, to one place, and scrapped once.</summary>
    private static bool Overlaps(StoreView store, StockMove move, TerminalId? at) => move.First is { } first && store.Number("""
        SELECT count(*) FROM stock_moves WHERE product = $product AND kind = $kind AND first_number IS NOT NULL
          AND first_number < $end AND first_number + count > $first AND (terminal = $at OR $at IS NULL)
        """, ("$product", move.Product), ("$kind", move.Kind), ("$end", first + move.Count), ("$first", first), ("$at", at)) > 0;

    /// <summary>Whether all the numbers were delivered there, in however many deliveries.</summary>
    private static bool IsDelivered(StoreView store, StockMove move)
    {
        if (move.First is not { } first) return true;
        var (next, end) = (first, first + move.Count);
        foreach (var (from, count) in store.Query("""
            SELECT first_number, count FROM stock_moves WHERE terminal = $terminal AND product = $product AND kind = $delivered AND first_number IS NOT NULL
            ORDER BY first_number
            """, row => (row.Long("first_number")!.Value, row.Long("count")!.Value),
            ("$terminal", move.Terminal), ("$product", move.Product), ("$delivered", StockMoveKind.Delivered)))
            if (from <= next && from + count > next) next = from + count;
        return next >= end;
    }

    private static StockReport Report(StoreView store, TerminalId terminal, string product)
    {
        var moves = store.Query("SELECT kind, count, at FROM stock_moves WHERE terminal = $terminal AND product = $product ORDER BY id",
            row => (Kind: (StockMoveKind)row.Int("kind"), Count: row.Long("count")!.Value, At: row.Time("at")!.Value),
            ("$terminal", terminal), ("$product", product));
        long Sum(StockMoveKind kind, int before) => moves.Take(before).Where(move => move.Kind == kind).Sum(move => move.Count);
        var began = moves.Find(move => move.Kind is StockMoveKind.Delivered).At;
        var last = moves.FindLastIndex(move => move.Kind is StockMoveKind.Counted);
        var (counted, countedAt, missing) = ((long?)null, (DateTimeOffset?)null, (long?)null);
        if (last >= 0)
        {
            (counted, countedAt) = (moves[last].Count, moves[last].At);
            var expected = Sum(StockMoveKind.Delivered, last) - Sum(StockMoveKind.Scrapped, last) - Used(store, terminal, product, began, countedAt);
            missing = expected - counted;
        }
        return new StockReport(
            terminal, product, Sum(StockMoveKind.Delivered, moves.Count), Used(store, terminal, product, began, null),
            Sum(StockMoveKind.Scrapped, moves.Count), counted, countedAt, missing);
    }

    private static long Used(StoreView store, TerminalId terminal, string product, DateTimeOffset began, DateTimeOffset? until)
    {
        // A card that was spoilt stands there as voided, and never issued.
        return store.Number("""
            SELECT count(*) FROM orders o JOIN issued_cards c ON c.order_id = o.order_id
            WHERE o.token_terminal = $terminal AND o.product = $product
              AND coalesce(c.issued_at, c.voided_at) >= $began AND coalesce(c.issued_at, c.voided_at) <= $until
            """, ("$terminal", terminal), ("$product", product), ("$began", began), ("$until", until ?? DateTimeOffset.MaxValue));
    }
}
