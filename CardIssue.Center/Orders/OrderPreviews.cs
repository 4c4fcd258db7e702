using System.Security.Cryptography;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Preview;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>What came of asking what an order's card would get.</summary>
public abstract record OrderPreview
{
    private OrderPreview() { }

    /// <summary>The commands, with what is secret hidden.</summary>
    /// <param name="Commands">The commands.</param>
    /// <param name="Product">What the order's write data is sealed for.</param>
    /// <param name="Rewrite">Which of the product's rewrites it is; null for an issue.</param>
    /// <param name="Lack">Why the card could not be opened now; null when it could.</param>
    public sealed record Shown(CardPreview Commands, ProductTerms Product, string? Rewrite, string? Lack) : OrderPreview
    {
        /// <summary>The branch that the order is to be begun at; null for any.</summary>
        public BranchId? Branch { get; init; }
    }

    /// <summary>There is nothing to show.</summary>
    /// <param name="Outcome">Coarsely.</param>
    /// <param name="Why">In full: no customer's data.</param>
    public sealed record Refused(DeskOutcome Outcome, string Why) : OrderPreview;
}

/// <summary>
/// Shows what an order's card would get, for who checks it: an auditor or a supervisor. It opens the order's write data, so the log has who
/// looked at which order before it is opened.
/// </summary>
public sealed class OrderPreviews
{
    private readonly CenterDatabase _database;
    private readonly IKeyVault _vault;

    /// <summary>Uses an open store and its vault.</summary>
    internal OrderPreviews(CenterDatabase database, IKeyVault vault)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(vault);
        (_database, _vault) = (database, vault);
    }

    /// <summary>Makes the commands of an order, whatever state it is in, as if its card were begun now.</summary>
    /// <param name="order">The order.</param>
    /// <param name="person">Who looks.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="StoreException">
    /// The store could not be read or written, or the order's row is not what this center wrote.
    /// </exception>
    public async Task<OrderPreview> OfAsync(OrderId order, CenterPerson person, CancellationToken cancellation = default)
    {
        _database.Check(person);
        var (refused, row, sealedData) =
            await _database.WriteAsync(store => Look(store, order, person), cancellation).ConfigureAwait(false);
        if (row is null) return refused!;
        if (await new ProductReader(_database).FindAsync(row, cancellation).ConfigureAwait(false) is not var (whole, terms))
            return DoesNotFit($"product {row.Product} is missing, or is none that this version knows");
        var keys = row.Rewrite is null ? null : await KeysAsync(row, cancellation).ConfigureAwait(false);
        if ((row.Rewrite is null ? whole : whole.Rewrite(row.Rewrite, keys)) is not { } product)
            return DoesNotFit($"product {row.Product} has no rewrite {row.Rewrite}");
        if (!_vault.TryOpenOrderData(row.Terms(terms), sealedData, out var data))
        {
            return DoesNotFit("the order's write data does not open: since it was sealed it, the order or its product was changed, "
                + "or its master key is not in this vault");
        }
        var programs = await _database.ReadAsync(store => ProgramTable.Of(store, product), cancellation).ConfigureAwait(false);
        using (data)
        {
            try
            {
                var made = CardPreview.Of(product, OrderData.Read(data.Span), programs, KeyLength);
                return made.Preview is { } commands
                    ? new OrderPreview.Shown(commands, terms, row.Rewrite, _vault.LackOf(product)) { Branch = row.Branch }
                    : DoesNotFit($"the order's data does not fit its product: {made.Errors[0].Field} {made.Errors[0].Message}");
            }
            catch (CryptographicException unreadable)
            {
                return DoesNotFit(unreadable.Message);
            }
        }
    }

    /// <summary>
    /// The keys that a rewrite's card has, or had, when all that comes before it is done; null where nobody can tell.
    /// </summary>
    private Task<ValueList<HeldKeySet>?> KeysAsync(OrderRow rewrite, CancellationToken cancellation) => _database.ReadAsync(store =>
        CardContents.Of(store, rewrite.Card!.Value) is not { } card ? null
            : CardKeys.After(
                card.Contents.TakeWhile(content => content.Order != rewrite.Order).Where(content => content.IsOnCardThen),
                new ProductTexts(store).Find)?.Held, cancellation);

    /// <summary>That of the master key; of one that the vault has not got, the usual one.</summary>
    private int KeyLength(HeldKeySet set) =>
        _vault.CardMasterKeys.FirstOrDefault(key => key.KeySet == set.KeySet && key.KeyVersion == set.KeyVersion)
            ?.Algorithm switch
        {
            CardKeyAlgorithm.Aes192 => 24,
            CardKeyAlgorithm.Aes256 => 32,
            _ => CardPreview.OwnKeyLength,
        };

    private static (OrderPreview.Refused? Refused, OrderRow? Row, ByteString SealedData) Look(
        StoreTransaction store, OrderId order, CenterPerson person)
    {
        if (!person.MayNow(store, PersonRoles.Auditor | PersonRoles.Supervisor))
            return (new OrderPreview.Refused(DeskOutcome.NotAllowed, $"{person} has not the role for it"), null, default);
        if (OrderRow.Find(store, order) is not { } row)
            return (new OrderPreview.Refused(DeskOutcome.NotFound, "there is no such order"), null, default);
        if (SealedOrder.DataOf(store, row) is not { } data) return (DoesNotFit("its write data was deleted"), null, default);
        store.Log(ConsoleLog.Of("OrderPreviewed", new { person = person.Name.Value }, order));
        return (null, row, data);
    }

    private static OrderPreview.Refused DoesNotFit(string why) => new(DeskOutcome.DoesNotFit, why);
}
