using CardIssue.Center.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>An order of a file that is about to be taken in. It is sealed when it is its turn, for only then its sequence number is known.</summary>
/// <param name="Order">Its number.</param>
/// <param name="Customer">The customer's id.</param>
/// <param name="Product">The product version to write; one of <see cref="ComingOrders.Products"/>.</param>
/// <param name="Sequence">The sequence number of the customer's card; null for the customer's next, and of a rewrite for the card's.</param>
/// <param name="Seal">Makes the order for a sequence number; called whenever the order is looked at, on the store's threads.</param>
public sealed record ComingOrder(OrderId Order, string Customer, ProductRef Product, int? Sequence, Func<int, NewOrder> Seal)
{
    /// <summary>The line of the file that it begins in, from 1.</summary>
    public int Line { get; init; }

    /// <summary>The column that it begins in, from 1.</summary>
    public int Column { get; init; }

    /// <summary>Only the order's number: the rest is the customer's.</summary>
    public override string ToString() => $"ComingOrder {{ {Order}, line {Line} }}";
}

/// <summary>The orders of a file, each made when it is asked for: however many there are, they never are in memory together.</summary>
/// <param name="File">The file's name, for people.</param>
/// <param name="Digest">What its content is known by, where it comes again: 32 bytes that tell nothing of it (under a key of the vault).</param>
/// <param name="Products">The products that come along, and those that orders name. Added, unless they are there already, unchanged.</param>
/// <param name="Orders">The orders, the same each time; gone through once to look at them all, and again to take them in.</param>
public sealed record ComingOrders(string File, ByteString Digest, IReadOnlyList<ProductRecord> Products, IEnumerable<ComingOrder> Orders)
{
    /// <summary>The issuer whose orders all of them must be; null for those of whichever issuers' products they are.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>
    /// What a file that was cut must still have where it goes on, beside <see cref="Digest"/>: 32 bytes of what the orders came to (their products,
    /// their codes), under a key of the vault. Empty where the file says all.
    /// </summary>
    public ByteString Content { get; init; }

    /// <summary>Told every so often how many orders were looked at, and when they are taken in, from 0 on again, how many are in and stay.</summary>
    public IProgress<long>? Progress { get; init; }

    /// <summary>Done once, when nothing stands against any of the orders and the first is about to be taken in.</summary>
    public Action? Beginning { get; init; }
}

/// <summary>What stood against an order of a file.</summary>
/// <param name="Line">The line of the file that it begins in; 0 when it is about a product.</param>
/// <param name="Column">The column.</param>
/// <param name="Order">The order; null when it is about a product.</param>
/// <param name="Message">Why, in words that follow on "order X:".</param>
public sealed record FileRefusal(int Line, int Column, OrderId? Order, string Message);

/// <summary>A file whose orders were taken in, or are being, or the first of them where that was cut.</summary>
/// <param name="File">Its name then.</param>
/// <param name="Orders">How many orders it has.</param>
/// <param name="Taken">How many of them are in: the first.</param>
/// <param name="By">Who took the last of these in.</param>
/// <param name="At">When, UTC.</param>
public sealed record TakenFile(string File, long Orders, long Taken, string By, DateTimeOffset At)
{
    /// <summary>Whether all are.</summary>
    public bool IsWhole => Taken == Orders;
}

/// <summary>What became of a file of orders.</summary>
/// <param name="Imported">
/// How many orders of the file are in now by it, those from before it was cut too: all, or none. Fewer only where what stands against the others came
/// into the store after they were looked at.
/// </param>
/// <param name="Refusals">What stood against it, the first of them; empty when they were imported.</param>
/// <param name="More">How many more there are.</param>
/// <param name="Before">Where all of the file was taken in before, or meanwhile; then nothing of it was taken in again.</param>
public sealed record OrderFileOutcome(long Imported, ValueList<FileRefusal> Refusals, long More, TakenFile? Before);
