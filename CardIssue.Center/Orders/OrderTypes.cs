using CardIssue.Center.Products;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Orders;

/// <summary>Where an order stands. The numbers are in the store: never change one.</summary>
public enum OrderState
{
    /// <summary>Approved, waits for its customer.</summary>
    Ready = 1,
    /// <summary>A session works on it; no card is bound yet.</summary>
    Claimed = 2,
    /// <summary>Bound to a card; no record has left yet.</summary>
    Bound = 3,
    /// <summary>Records are being written.</summary>
    Writing = 4,
    /// <summary>The closing of the card has left.</summary>
    Closing = 5,
    /// <summary>The card is closed.</summary>
    Issued = 6,
    /// <summary>Waits for a decision at the center.</summary>
    Waiting = 7,
    /// <summary>Never to be issued, or blocked after it was.</summary>
    Voided = 8,
    /// <summary>The store was restored from an older copy: what it says of this order must be compared with the log and the card first.</summary>
    Quarantined = 9,
    /// <summary>A rewrite that is done: its card holds what it was to write.</summary>
    Rewritten = 10,
    /// <summary>A rewrite that is not to be done; nothing of it ever left, or its card is voided.</summary>
    Cancelled = 11,
}

/// <summary>An order to import.</summary>
/// <param name="Order">Its number.</param>
/// <param name="Customer">The customer's id, by <see cref="NameRule"/>.</param>
/// <param name="Sequence">The sequence number of the customer's card, 0 to 99; of a rewrite that of the card.</param>
/// <param name="Product">The product version to write.</param>
/// <param name="SealedData">The write data, sealed by the vault for this order's terms (<see cref="IKeyVault.SealOrderData"/>); 1 byte to
/// 16 MiB.</param>
/// <param name="CodeVerifier">What the caller checks the issue code against (a salted slow hash), 1 to 1,024 bytes.</param>
/// <param name="CodeExpires">When the issue code ends.</param>
/// <param name="Display">What the operator may see, at most <see cref="ProtocolLimits.MaxDisplay"/> characters.</param>
public sealed record NewOrder(
    OrderId Order, string Customer, int Sequence, ProductRef Product, ByteString SealedData, ByteString CodeVerifier, DateTimeOffset CodeExpires,
    string Display)
{
    /// <summary>The most write data of one order, in bytes.</summary>
    public const int MaxSealedData = 16 * 1024 * 1024;

    /// <summary>The longest verifier, in bytes.</summary>
    public const int MaxVerifier = 1_024;

    /// <summary>The highest sequence number (PAN sequence number, EMV tag 5F34: two digits).</summary>
    public const int MaxSequence = 99;

    /// <summary>The length of <see cref="AccountDigest"/>.</summary>
    public const int AccountDigestLength = 32;

    /// <summary>
    /// What the vault made of the card number and sequence number (<see cref="Vault.IKeyVault.DigestAccount"/>); empty for a card of no account. No other
    /// order may have the same, whatever became of it: a reissue carries a new sequence number.
    /// </summary>
    public ByteString AccountDigest { get; init; }

    /// <summary>Whether the product allows another order of the same card number and sequence number (<see cref="Core.Cards.Products.CardProduct.AllowRepeatedCardNumber"/>).</summary>
    public bool MayRepeatAccount { get; init; }

    /// <summary>Which rewrite of which card it is; null for an issue.</summary>
    public RewriteOf? Rewrite { get; init; }

    /// <summary>Whose order it is: whose its product is (<see cref="Issuers.KeySetOwners"/>); null for the center's own. Its data is sealed for him.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>The branch that it is to be begun at; null for any.</summary>
    public BranchId? Branch { get; init; }

    /// <summary>Only the order's number: the rest is the customer's.</summary>
    public override string ToString() => $"NewOrder {{ {Order} }}";

    internal string? Fault =>
        Order.Value is null ? "it has no order id"
        : !NameRule.Accepts(Customer) ? $"the customer id is not 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -"
        : Sequence is < 0 or > MaxSequence ? $"the sequence number is {Sequence}; 0 to {MaxSequence} are possible"
        : SealedData.Length is 0 or > MaxSealedData ? $"the write data has {SealedData.Length} bytes; 1 to {MaxSealedData} are possible"
        : CodeVerifier.Length is 0 or > MaxVerifier ? $"the code verifier has {CodeVerifier.Length} bytes; 1 to {MaxVerifier} are possible"
        : Rewrite is not null && !AccountDigest.IsEmpty ? "a rewrite is of no account of its own"
        : AccountDigest.Length is not (0 or AccountDigestLength) ? $"the account digest has {AccountDigest.Length} bytes; {AccountDigestLength} are right"
        : Display is null || !PlainText.Accepts(Display, ProtocolLimits.MaxDisplay)
            ? $"the display text is longer than {ProtocolLimits.MaxDisplay} characters, or is no plain text"
        : null;
}

/// <summary>A product version, and orders for it.</summary>
/// <param name="Product">Added, unless it is there already, unchanged.</param>
/// <param name="Orders">The orders; each names this product.</param>
public sealed record ImportBatch(ProductRecord Product, IReadOnlyList<NewOrder> Orders);

/// <summary>What became of an import.</summary>
/// <param name="Imported">How many orders there are now that were not before: all of them, or none.</param>
/// <param name="Refusals">All that stood against it; empty when they were imported.</param>
public sealed record ImportOutcome(int Imported, ValueList<ImportRefusal> Refusals)
{
    /// <summary>Null, or why none was imported, in one line, with the places in the list.</summary>
    public string? Refusal => Refusals.Count == 0 ? null : string.Join("; ", Refusals);
}

/// <summary>What stood against an import.</summary>
/// <param name="Place">Which order of its product's list, from 1; 0 when it is about the product.</param>
/// <param name="Order">The order; null when it is about the product.</param>
/// <param name="Message">Why, in words that follow on "order X:".</param>
public sealed record ImportRefusal(int Place, OrderId? Order, string Message)
{
    /// <summary>The place and the reason.</summary>
    public override string ToString() => Order is null ? Message : $"order {Place} of the list ({Order}): {Message}";
}

/// <summary>Who claims an order.</summary>
/// <param name="Terminal">The admitted terminal.</param>
/// <param name="Operator">Who works at it; null when a session resumes by token: then it is who claimed with the code when the token was
/// given.</param>
/// <param name="Session">The session's name, unique over all hosts.</param>
/// <param name="Host">The host that the session lives in.</param>
public sealed record OrderClaimant(TerminalId Terminal, OperatorId? Operator, string Session, string Host);

/// <summary>What became of a claim.</summary>
public abstract record ClaimOutcome
{
    private ClaimOutcome() { }

    /// <summary>The session has the order, under a new fencing number.</summary>
    /// <param name="Order">The order.</param>
    /// <param name="Fence">The fencing number of this claim.</param>
    /// <param name="State">Where the order stands.</param>
    /// <param name="Bound">The card that it is bound to, if any.</param>
    /// <param name="Progress">How far it is.</param>
    /// <param name="Token">The resume token, <see cref="ProtocolLimits.TokenLength"/> bytes.</param>
    /// <param name="Display">What the operator may see.</param>
    /// <param name="Product">What to write.</param>
    /// <param name="Mode">Module or end-to-end.</param>
    /// <param name="SealedData">The write data, still encrypted by the vault.</param>
    /// <param name="Customer">The customer's id.</param>
    /// <param name="Sequence">The sequence number of the customer's card.</param>
    /// <param name="Operator">Who works at the terminal.</param>
    internal sealed record Claimed(
        OrderId Order, long Fence, OrderState State, CardId? Bound, OrderProgress Progress, ByteString Token, string Display, ProductRef Product,
        ProductMode Mode, ByteString SealedData, string Customer, int Sequence, OperatorId Operator) : ClaimOutcome
    {
        /// <summary>What the write data must be sealed for.</summary>
        /// <param name="product">The product as it is now.</param>
        public OrderTerms ToTerms(ProductTerms product) => new(Order, Customer, Sequence, Display, product) { Rewrite = Rewrite, Issuer = Issuer };

        /// <summary>Which rewrite of which card it is; null for an issue.</summary>
        public RewriteOf? Rewrite { get; init; }

        /// <summary>Whose order it is; null for the center's own.</summary>
        public IssuerId? Issuer { get; init; }

        /// <summary>Of a rewrite: its card, and what is on it by now.</summary>
        public IssuedCard? OnCard { get; init; }

        /// <summary>What the center's machine gets, once the plan is made.</summary>
        public Claim ToClaim(PlanShape plan) => new(Order, Fence, Bound, Progress, plan, Token, PlainText.Of(Display, ProtocolLimits.MaxDisplay));

        /// <summary>Without the token and the customer's data.</summary>
        public override string ToString() => $"Claimed {{ {Order}, Fence = {Fence}, {State}, {Progress} }}";
    }

    /// <summary>The order was done on an earlier session of this terminal, which may not have heard.</summary>
    /// <param name="Order">The order.</param>
    /// <param name="Card">Its card.</param>
    /// <param name="Receipt">What was to be told, as it was saved with the order; at most <see cref="ProtocolLimits.MaxReceipt"/> characters.</param>
    internal sealed record Done(OrderId Order, CardId Card, string Receipt) : ClaimOutcome;

    /// <summary>It does not.</summary>
    /// <param name="Code">Coarsely, for the terminal.</param>
    /// <param name="Detail">In full, for the center's log only.</param>
    /// <param name="Order">The order that it is about, where one was found; for the log only.</param>
    internal sealed record Declined(DeclineCode Code, string Detail, OrderId? Order) : ClaimOutcome;
}

/// <summary>What became of a save.</summary>
public abstract record SaveOutcome
{
    private SaveOutcome() { }

    /// <summary>It is durable.</summary>
    internal sealed record Saved : SaveOutcome;

    /// <summary>Nothing was saved: the session no longer has the claim.</summary>
    internal sealed record ClaimLost : SaveOutcome;

    /// <summary>Nothing was saved: the card belongs to another order, was issued, or was voided.</summary>
    internal sealed record CardInUse : SaveOutcome;

    /// <summary>Nothing was saved: the card's authentication tries are used up.</summary>
    /// <param name="Tries">How many were begun.</param>
    internal sealed record CardBarred(int Tries) : SaveOutcome;
}

/// <summary>What the center knows of a card, whatever order it comes for.</summary>
public enum CardStanding
{
    /// <summary>Never issued and not bound.</summary>
    Free = 1,
    /// <summary>Bound to an order that is under way.</summary>
    Bound = 2,
    /// <summary>Issued.</summary>
    Issued = 3,
    /// <summary>Its order was voided: it is never used again.</summary>
    Voided = 4,
}

/// <summary>A card as the center knows it.</summary>
/// <param name="Standing">Free, bound, issued or voided.</param>
/// <param name="Order">The order that it belongs to; null when free.</param>
/// <param name="Tries">Authentications begun without success.</param>
/// <param name="Barred">Whether the tries are used up.</param>
public sealed record CardRecord(CardStanding Standing, OrderId? Order, int Tries, bool Barred)
{
    /// <summary>Whether the card may be authenticated and written for this order.</summary>
    internal bool IsUsableFor(OrderId order) => !Barred && (Standing == CardStanding.Free || (Standing == CardStanding.Bound && Order == order));

    /// <summary>Whether the card may be authenticated and written for a rewrite that is bound to it.</summary>
    public bool MayBeRewritten => !Barred && Standing == CardStanding.Issued;
}
