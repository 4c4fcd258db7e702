using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Who holds the session keys while a card is written.</summary>
public enum KeyMode
{
    /// <summary>The center wraps for the card; the terminal carries bytes that it cannot read.</summary>
    EndToEnd = 1,
    /// <summary>The center seals for the terminal's secure module, which wraps for the card.</summary>
    Module = 2,
}

/// <summary>
/// One kind of card: which keys open it, what is written on it in which records, how each is proved and repeated, and how it is closed.
/// It holds names of keys, never keys. <see cref="Json.CardProductFile"/> refuses combinations that make no sense.
/// </summary>
public sealed partial record CardProduct
{
    internal CardProduct(ICardProfile profile) => Profile = profile;

    /// <summary>Its name, by <see cref="NameRule"/>.</summary>
    public required string Name { get; init; }

    /// <summary>1 or greater; a change is a new version.</summary>
    public required int Version { get; init; }

    /// <summary>How such a card is opened, proved and judged.</summary>
    internal ICardProfile Profile { get; }

    /// <summary>Who holds the session keys.</summary>
    public required KeyMode Mode { get; init; }

    /// <summary>The key set in the vault, by <see cref="NameRule"/>.</summary>
    public required string KeySet { get; init; }

    /// <summary>The key version number, 01 to FF: in the vault, and on the card unless <see cref="Quirks"/> say otherwise.</summary>
    public required byte KeyVersion { get; init; }

    /// <summary>How the card's keys come from the master; never guessed.</summary>
    public required KeyDiversification Diversification { get; init; }

    /// <summary>Where the card's identity comes from, in this order; empty for <see cref="IdentitySources"/>' default.</summary>
    internal ValueList<IdentitySource> Identity { get; init; }

    /// <summary>
    /// Where the card's identity comes from. By default what the keys come from; the chip's serial data where many cards share the keys.
    /// </summary>
    internal ValueList<IdentitySource> IdentitySources => Identity.Count > 0 ? Identity
        : Diversification is KeyDiversification.None ? [new IdentitySource.ProductionLifeCycle()]
        : [new IdentitySource.DiversificationData()];

    /// <summary>
    /// The secure channel protocol that the cards speak. Null: what they say themselves; the keys in the vault are for one of both, and a card
    /// that says the other is refused.
    /// </summary>
    public ScpProtocol? Protocol { get; init; } = ScpProtocol.Scp03;

    /// <summary>
    /// The parameter "i" of the protocol. Null: of SCP02 what the card data says (tag 66); of SCP03 every one of S8 mode, for the card tells it.
    /// </summary>
    public byte? ProtocolOptions { get; init; }

    /// <summary>The protection of the secure channel.</summary>
    public required SecurityLevel SecurityLevel { get; init; }

    /// <summary>What is known beforehand of the channel; <see cref="ScpProtocol.Scp03"/> where the protocol is left to the card.</summary>
    internal ScpOptions Channel => new(Protocol ?? ScpProtocol.Scp03, ProtocolOptions ?? 0);

    /// <summary>Whether the card data is asked for what the product does not say.</summary>
    internal bool AsksForOptions => Protocol is not ScpProtocol.Scp03 && ProtocolOptions is null;

    /// <summary>What is selected and holds the secure channel: a security domain, or an application that offers one itself.</summary>
    public required Aid Selected { get; init; }

    /// <summary>The application that is personalised through <see cref="Selected"/> by INSTALL [for personalization] (GPCS §11.5.2.3.6); null when the data is for <see cref="Selected"/> itself.</summary>
    public Aid? Application { get; init; }

    /// <summary>Which state a card must be in at the start; null when any will do.</summary>
    internal StartState? Start { get; init; }

    /// <summary>P1 of STORE DATA without encryption (GPCS table 11-89): 08 DGI, 10 BER-TLV, 00 for many CPS applications.</summary>
    public byte PlainP1 { get; init; } = 0x08;

    /// <summary>P1 of STORE DATA encrypted under the DEK: 68, or 60 for many CPS applications.</summary>
    public byte EncryptedP1 { get; init; } = 0x68;

    /// <summary>Whether several data groupings may share one STORE DATA.</summary>
    public bool Packed { get; init; }

    /// <summary>In what these cards depart from others.</summary>
    public CardQuirks Quirks { get; init; } = CardQuirks.None;

    /// <summary>
    /// Whether an order may have a card number and sequence number that another order has: a companion device of one card, for example. False: a
    /// center refuses it, whatever became of the other order.
    /// </summary>
    public bool AllowRepeatedCardNumber { get; init; }

    /// <summary>Says in so many words that write data may pass the terminal readable.</summary>
    public bool ExposedToTerminal { get; init; }

    /// <summary>The records, in order.</summary>
    public required ValueList<RecordDefinition> Records { get; init; }

    /// <summary>How the card is closed.</summary>
    public required CloseDefinition Close { get; init; }

    /// <summary>How orders come in CSV files; null where they do not.</summary>
    public CsvColumns? Csv { get; init; }

    /// <summary>What may be done to a card after it was issued.</summary>
    public ValueList<RewriteDefinition> Rewrites { get; init; }

    /// <summary>Which of its rewrites this is; null for the product that cards are issued by.</summary>
    public RewriteDefinition? Doing { get; init; }

    /// <summary>What is read before anything leaves; of a rewrite alone.</summary>
    internal ValueList<CheckDefinition> Before => Doing?.Before ?? default;

    /// <summary>Whether the closing writes nothing: then it is the look itself.</summary>
    internal bool ClosesByReading => Close.Items.Count == 0 && Close.Status is null;
}

/// <summary>The state that a card must be in before the first record.</summary>
/// <param name="Of">Whose life cycle state GET STATUS tells.</param>
/// <param name="Accepted">The life cycle bytes that will do.</param>
internal sealed record StartState(LifeCycleOf Of, ValueList<byte> Accepted);

/// <summary>Whose life cycle state is meant.</summary>
/// <param name="Scope">The part of the registry.</param>
/// <param name="Aid">The application or security domain.</param>
internal sealed record LifeCycleOf(GlobalPlatform.RegistryScope Scope, Aid Aid);

/// <summary>One record: what is written as one, confirmed as one and repeated as one.</summary>
public sealed record RecordDefinition
{
    /// <summary>Its name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>What is written, in order: what STORE DATA carries, and commands; may be empty when <see cref="Status"/> is given.</summary>
    public ValueList<ItemDefinition> Items { get; init; }

    /// <summary>Whether the record gives the card its own keys.</summary>
    internal bool PutsKeys => Items.Any(item => item is ItemDefinition.PutKeys);

    /// <summary>A SET STATUS that is part of the record, after its items.</summary>
    public StatusChange? Status { get; init; }

    /// <summary>How it is proved.</summary>
    public required Protocol.ProofKind Proof { get; init; }

    /// <summary>What is read to prove it, for proofs by read-back and by the card's state.</summary>
    public ValueList<CheckDefinition> Checks { get; init; }

    /// <summary>What a repeat means.</summary>
    public required Protocol.RepeatRule Repeat { get; init; }

    /// <summary>For <see cref="Protocol.RepeatRule.StartOver"/>: the number of the record to go back to, from 1; else 0.</summary>
    public int RestartAt { get; init; }

    /// <summary>For <see cref="Protocol.RepeatRule.LookFirst"/>: what is read to see whether it was done. Each needs <see cref="CheckDefinition.NotDone"/> too.</summary>
    public ValueList<CheckDefinition> Look { get; init; }
}

/// <summary>How a card is closed after the last record, and how one sees that it is.</summary>
/// <param name="Items">What the last STORE DATA carries, with P1 bit 8 set; may be empty when <paramref name="Status"/> is given, and in a
/// rewrite.</param>
/// <param name="Status">A SET STATUS, after the items.</param>
/// <param name="Look">What is read to see whether it is closed. Each needs <see cref="CheckDefinition.NotDone"/> too, unless nothing is
/// written.</param>
public sealed record CloseDefinition(ValueList<ItemDefinition> Items, StatusChange? Status, ValueList<CheckDefinition> Look);

/// <summary>A SET STATUS (GPCS §11.10).</summary>
/// <param name="Scope">Whose state.</param>
/// <param name="Aid">The application or security domain.</param>
/// <param name="State">The new state.</param>
public sealed record StatusChange(GlobalPlatform.StatusScope Scope, Aid Aid, byte State);

/// <summary>What one item is made of: something that STORE DATA carries, or a command.</summary>
public abstract partial record ItemDefinition
{
    private ItemDefinition() { }

    /// <summary>Whether its data is encrypted under the card's DEK.</summary>
    public bool Secret { get; init; }

    /// <summary>A data grouping made from a template.</summary>
    internal sealed record Grouping(ushort Id, ValueList<TemplateNode> Content) : ItemDefinition;

    /// <summary>A BER-TLV data object made from a template.</summary>
    internal sealed record DataObject(TemplateNode.Tlv Content) : ItemDefinition;

    /// <summary>Ready-made data groupings of a data-preparation system, in a field of the customer, as hexadecimal; not secret here: what is secret in it is encrypted already.</summary>
    internal sealed record Prepared(string Field) : ItemDefinition;

    /// <summary>A command of its own, to what is selected, for what STORE DATA does not do. It goes through the secure channel like all others; what it answers is not looked at.</summary>
    /// <param name="Header">CLA (00 or 80), INS, P1, P2. <see cref="ProductRules"/> refuses what would end the channel.</param>
    /// <param name="Content">Its data: 0 to 247 bytes, 239 at levels that encrypt.</param>
    internal sealed record Command(uint Header, ValueList<TemplateNode> Content) : ItemDefinition;

    /// <summary>The card's own keys, <see cref="CardProduct.OwnKeys"/>, by PUT KEY.</summary>
    internal sealed record PutKeys : ItemDefinition;
}

/// <summary>A piece of a template.</summary>
internal abstract record TemplateNode
{
    private TemplateNode() { }

    /// <summary>Bytes that are the same for every customer.</summary>
    public sealed record Literal(ByteString Bytes) : TemplateNode;

    /// <summary>A customer's field.</summary>
    /// <param name="Name">The field's name, by <see cref="NameRule"/>.</param>
    /// <param name="As">How its text becomes bytes.</param>
    public sealed record Field(string Name, FieldEncoding As) : TemplateNode;

    /// <summary>A BER-TLV data object around further pieces.</summary>
    public sealed record Tlv(Cards.Tlv.BerTag Tag, ValueList<TemplateNode> Content) : TemplateNode;
}

/// <summary>Something read from the card and what it must be.</summary>
/// <param name="Read">What is read.</param>
/// <param name="Done">What it is when it was done.</param>
/// <param name="NotDone">What it is when it was not done; null where the check only proves.</param>
public sealed record CheckDefinition(CheckCommand Read, Expectation Done, Expectation? NotDone = null);

/// <summary>What is read.</summary>
public abstract record CheckCommand
{
    private CheckCommand() { }

    /// <summary>A record of a file, READ RECORD (ISO 7816-4 §11.4.3), under the secure channel.</summary>
    /// <param name="FileId">The short file identifier, 1 to 30.</param>
    /// <param name="Record">The record's number, 1 to 254.</param>
    internal sealed record ReadRecord(byte FileId, byte Record) : CheckCommand;

    /// <summary>A data object, GET DATA (GPCS §11.3), under the secure channel.</summary>
    internal sealed record GetData(ushort Tag) : CheckCommand;

    /// <summary>A life cycle state, GET STATUS (GPCS §11.4).</summary>
    internal sealed record LifeCycle(LifeCycleOf Of) : CheckCommand;
}

/// <summary>What something read must be.</summary>
public abstract record Expectation
{
    private Expectation() { }

    /// <summary>Exactly these bytes.</summary>
    internal sealed record Exactly(ValueList<TemplateNode> Content) : Expectation;

    /// <summary>Bytes with this SHA-256 (FIPS 180-4), 32 bytes: so that the center need not hold what is read. It passes the terminal as it does for <see cref="Exactly"/>.</summary>
    internal sealed record Digest(ValueList<TemplateNode> Content) : Expectation;

    /// <summary>No data at all.</summary>
    internal sealed record Nothing : Expectation;

    /// <summary>This life cycle byte.</summary>
    internal sealed record State(byte LifeCycle) : Expectation;
}
