using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products;

/// <summary>
/// What is to be done to one card: a product with one customer's fields filled in. Its shape is known without any key; its commands are made when
/// they are due, because secret data is encrypted under the card's DEK.
/// </summary>
public sealed partial class CardPlan
{
    private readonly List<RenderedItem>[] _items;
    private readonly Dictionary<Expectation, ByteString> _expected;
    private readonly CommandWriter _writer;

    private CardPlan(CardProduct product, List<RenderedItem>[] items, Dictionary<Expectation, ByteString> expected, CardPrograms programs)
    {
        (Product, _items, _expected, _writer) = (product, items, expected, new CommandWriter(product, programs));
        Shape = ShapeOf(product.Profile);
    }

    /// <summary>The product.</summary>
    internal CardProduct Product { get; }

    /// <summary>The counts that the protocol needs.</summary>
    internal PlanShape Shape { get; }

    /// <summary>The number that stands for the closing: one past the last record.</summary>
    internal int ClosingNumber => Product.Records.Count + 1;

    /// <summary>Fills a product's templates, and checks what the card would get as EMV data.</summary>
    /// <param name="product">The product.</param>
    /// <param name="fields">The customer's fields.</param>
    internal static PlanResult Create(CardProduct product, IReadOnlyDictionary<string, string> fields) => Create(product, fields, CardPrograms.None);

    /// <summary>The same for a product that loads programs.</summary>
    /// <param name="product">The product.</param>
    /// <param name="fields">The customer's fields.</param>
    /// <param name="programs">The programs that it names; one that is not there is an error.</param>
    public static PlanResult Create(CardProduct product, IReadOnlyDictionary<string, string> fields, CardPrograms programs)
    {
        ArgumentNullException.ThrowIfNull(programs);
        var made = Create(product, fields, programs, out var faults);
        return faults.Count == 0 ? made : new PlanResult(null, [.. faults.Select(fault => new PlanError(0, "", fault.Message))]);
    }

    /// <summary>The same, with the faults of the EMV data beside the plan, for who can say which field they come from.</summary>
    internal static PlanResult Create(
        CardProduct product, IReadOnlyDictionary<string, string> fields, CardPrograms programs, out IReadOnlyList<EmvFault> faults)
    {
        faults = [];
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(fields);
        var renderer = new TemplateRenderer(fields, product.Channel.Protocol);
        var count = product.Records.Count;
        var items = new List<RenderedItem>[count + 1];
        var expected = new Dictionary<Expectation, ByteString>();
        for (var i = 0; i < count; i++)
        {
            items[i] = renderer.Items(i + 1, product.Records[i].Items);
            Expect(expected, renderer, i + 1, [.. product.Records[i].Checks.Span, .. product.Records[i].Look.Span]);
        }
        items[count] = renderer.Items(count + 1, product.Close.Items);
        Expect(expected, renderer, count + 1, product.Close.Look);
        Expect(expected, renderer, 0, product.Before);
        var errors = renderer.Errors.Concat(renderer.Unused.Select(name => new PlanError(0, name, "is asked for by no record"))).ToArray();
        if (errors.Length > 0) return new PlanResult(null, [.. errors]);
        // What is secret is checked by nobody here: only that it is there.
        var groupings = items.SelectMany(list => list).Where(item => item.Grouping is not null)
            .Select(item => (item.Grouping!.Value, item.Secret ? default : item.Data));
        var check = product.Doing is null ? EmvCheck.Of(groupings) : EmvCheck.OfPart(groupings);
        faults = check.Faults;
        var lacks = ProgramRules.Check(product, programs);
        if (lacks.Count > 0) return new PlanResult(null, [.. lacks.Select(lack => new PlanError(lack.Record, "", lack.Message))], check.Account);
        try
        {
            return new PlanResult(new CardPlan(product, items, expected, programs), default, product.Doing is null ? check.Account : null);
        }
        catch (ArgumentException e)
        {
            return new PlanResult(null, [new PlanError(0, "", Words(e))]);
        }
    }

    /// <summary>The commands of a record.</summary>
    /// <param name="number">From 1.</param>
    /// <param name="encryption">The DEK of the card that is open.</param>
    /// <param name="firstBlock">How many blocks of STORE DATA this opening has seen; they count on (GPCS §11.11.2.2) unless each record begins with an INSTALL.</param>
    /// <param name="ownIds">Which of its own keys the card has already, of a PUT KEY that was cut.</param>
    internal IReadOnlyList<CardCommand> Record(int number, IDataEncryption encryption, int firstBlock, ValueList<byte> ownIds = default)
    {
        var record = Product.Records[number - 1];
        var written = _writer.Store(_items[number - 1], encryption, last: false, firstBlock, ownIds);
        return [.. written, .. _writer.Status(record.Status), .. _writer.Checks(InScript(record))];
    }

    /// <summary>The commands that show what is on the card before a rewrite; none in an issue.</summary>
    internal IReadOnlyList<CardCommand> Before() => _writer.Checks(Product.Before);

    /// <summary>The commands that show whether a record was done.</summary>
    internal IReadOnlyList<CardCommand> Look(int number)
    {
        var record = Product.Records[number - 1];
        return record.PutsKeys ? [CommandWriter.KeyInformation] : _writer.Checks(record.Look);
    }

    /// <summary>
    /// The commands that show, any time after a record is confirmed and before the closing, that it is on the card; none where nothing
    /// shows it.
    /// </summary>
    internal IReadOnlyList<CardCommand> Evidence(int number) => _writer.Checks(EvidenceOf(number));

    /// <summary>The commands that close the card, with the read-backs that wait for it.</summary>
    /// <param name="encryption">The DEK of the card that is open.</param>
    /// <param name="firstBlock">How many blocks of STORE DATA this opening has seen.</param>
    internal IReadOnlyList<CardCommand> Close(IDataEncryption encryption, int firstBlock) => Product.ClosesByReading ? CloseLook() :
        [.. _writer.Store(_items[^1], encryption, last: true, firstBlock), .. _writer.Status(Product.Close.Status), .. _writer.Checks(AfterClose())];

    /// <summary>The commands that show whether the card is closed, and read back what waits for it.</summary>
    internal IReadOnlyList<CardCommand> CloseLook() => _writer.Checks([.. Product.Close.Look.Span, .. AfterClose().Span]);

    /// <summary>
    /// The number of the next block of STORE DATA after a script: what <c>firstBlock</c> counts. A last block ends the series, wherever it is
    /// (GPCS §11.11.2.2).
    /// </summary>
    /// <param name="commands">The script.</param>
    /// <param name="firstBlock">The number of its first block.</param>
    internal static int NextBlock(IReadOnlyList<CardCommand> commands, int firstBlock)
    {
        ArgumentNullException.ThrowIfNull(commands);
        foreach (var command in commands)
            if (command.Apdu.Ins == Instructions.StoreData) firstBlock = StoreData.IsLast(command.Apdu) ? 0 : firstBlock + 1;
        return firstBlock;
    }

    /// <summary>The checks that end a record's own script.</summary>
    internal static ValueList<CheckDefinition> InScript(RecordDefinition record) =>
        record.Proof is ProofKind.ReadBack or ProofKind.CardState ? record.Checks : default;

    /// <summary>The checks that are made after the closing.</summary>
    internal ValueList<CheckDefinition> AfterClose() =>
        [.. Product.Records.Where(r => r.Proof is ProofKind.ReadBackAfterClose).SelectMany(r => r.Checks)];

    /// <summary>
    /// What of a record's looks and checks only a card that the record was written to can meet. Not what is the same for every customer,
    /// for a factory may have written it; no state that a card may start in, or that a later record changes again; and not what can be
    /// read after the closing only.
    /// </summary>
    internal ValueList<CheckDefinition> EvidenceOf(int number)
    {
        var record = Product.Records[number - 1];
        if (record.Repeat is RepeatRule.LookFirst) return Lasts(record.Look, number) ? record.Look : default;
        return [.. InScript(record).Where(check =>
            IsOfThisCustomer(check.Done) || check.Done is Expectation.State && Lasts([check], number) && !MayStartIn(check))];
    }

    private static bool IsOfThisCustomer(Expectation done) => done switch
    {
        Expectation.Exactly exactly => HasField(exactly.Content),
        Expectation.Digest digest => HasField(digest.Content),
        _ => false,
    };

    internal static bool HasField(ValueList<TemplateNode> content) =>
        content.Any(node => node is TemplateNode.Field || node is TemplateNode.Tlv tlv && HasField(tlv.Content));

    private bool Lasts(ValueList<CheckDefinition> checks, int number) =>
        !checks.Any(check => check.Read is CheckCommand.LifeCycle) || Product.Records.Skip(number).All(later => later.Status is null);

    private bool MayStartIn(CheckDefinition check) =>
        Product.Start is null || check is not { Read: CheckCommand.LifeCycle read, Done: Expectation.State done }
        || Product.Start.Of.Aid != read.Of.Aid || Product.Start.Accepted.Contains(done.LifeCycle);

    /// <summary>The bytes, or the SHA-256, that an expectation of this plan stands for.</summary>
    internal ByteString ExpectedOf(Expectation expectation) => _expected[expectation];

    private static void Expect(Dictionary<Expectation, ByteString> expected, TemplateRenderer renderer, int record, ValueList<CheckDefinition> checks)
    {
        foreach (var expectation in checks.SelectMany(c => new[] { c.Done, c.NotDone }))
        {
            if (expectation is Expectation.Exactly exactly) expected[exactly] = renderer.Bytes(record, exactly.Content);
            if (expectation is Expectation.Digest digest) expected[digest] = renderer.Digest(record, digest.Content);
        }
    }

    private PlanShape ShapeOf(ICardProfile profile)
    {
        var withoutKeys = new LengthsOnly(Product.Channel.Protocol);
        var records = new RecordShape[Product.Records.Count];
        for (var i = 0; i < records.Length; i++)
        {
            var record = Product.Records[i];
            var commands = Within(Record(i + 1, withoutKeys, 0).Count, record.Name);
            records[i] = new RecordShape(commands, record.Repeat, record.RestartAt, Look(i + 1).Count, EvidenceOf(i + 1).Count);
        }
        var authenticate = 1 + profile.IdentityReads(Product).Count + profile.AfterAuthentication(Product).Count;
        var close = Within(Close(withoutKeys, BlocksBeforeClose(withoutKeys)).Count, "the closing");
        var look = Within(CloseLook().Count, "the look at the closing");
        var isSealed = Product.Mode is KeyMode.Module;
        return new PlanShape(profile.OpenCommands(Product), authenticate, close, look, isSealed, [.. records],
            Product.Doing is null ? profile.AssignCommands(Product) : 0, Before().Count, ClosesWithLast(records[^1].Commands + close),
            FirstWithAuthentication(authenticate, records[0].Commands));
    }

    /// <summary>
    /// Whether the first record may follow the authentication of a new card without a verdict between them: the card's keys come of the
    /// whole of its identity (of all diversification data with KDF3; EMV CPS and VISA2 leave four bytes out), so that its cryptogram proves
    /// it; and nothing in the channel, such as a state or a program that is there, decides whether the record may be written.
    /// </summary>
    private bool FirstWithAuthentication(int authenticate, int commands) =>
        Product.Doing is null && Product.OwnKeys is null
        && (Product.IdentitySources is [IdentitySource.ProvedDiversificationData]
            || (Product.IdentitySources is [IdentitySource.DiversificationData] && Product.Diversification is KeyDiversification.Kdf3))
        && authenticate == 1 && authenticate + commands <= ProtocolLimits.MaxScriptCommands
        && !Product.Records[0].Items.Any(item => item.IsContent || item is ItemDefinition.PutKeys);

    /// <summary>
    /// Whether the closing may follow the last record without a verdict between them: what the card answers to the record's commands is
    /// all that there is to judge, so that the terminal's stop at the first one that is refused is enough; and the closing is one that
    /// can be looked for afterwards.
    /// </summary>
    private bool ClosesWithLast(int commands)
    {
        var last = Product.Records[^1];
        return commands <= ProtocolLimits.MaxScriptCommands && !Product.ClosesByReading && InScript(last).Count == 0
            && last.Proof is ProofKind.CardMac or ProofKind.TerminalWord or ProofKind.ReadBackAfterClose
            && !last.Items.Any(item => item.IsContent || item is ItemDefinition.PutKeys);
    }

    /// <summary>All records in one opening: where no INSTALL begins the blocks anew, their numbers must last to the closing.</summary>
    private int BlocksBeforeClose(IDataEncryption withoutKeys)
    {
        var blocks = 0;
        for (var i = 1; i <= Product.Records.Count; i++) blocks = NextBlock(Record(i, withoutKeys, blocks), blocks);
        return blocks;
    }

    private static int Within(int commands, string what) => commands is > 0 and <= ProtocolLimits.MaxScriptCommands
        ? commands
        : throw new ArgumentException($"{what} has {commands} commands; 1 to {ProtocolLimits.MaxScriptCommands} are possible");

    /// <summary>Encryption changes lengths, not counts; for those no key is needed.</summary>
    private sealed class LengthsOnly(ScpProtocol protocol) : IDataEncryption
    {
        public ByteString Encrypt(ReadOnlySpan<byte> plain) => ByteString.Own(new byte[DataEncryption.LengthOf(plain.Length, protocol)]);

        public ValueList<EncryptedKey> Keys(HeldKeySet set) =>
            [.. Enumerable.Repeat(new EncryptedKey(PutKey.Aes, 0, default, default), PutKey.LastKey)];
    }
}
