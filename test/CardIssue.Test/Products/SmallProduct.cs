using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Products;

/// <summary>A product that breaks no rule, to be changed by <c>with</c>, and its pieces.</summary>
internal static class SmallProduct
{
    public static readonly Aid Application = Aid.FromHex("A0000000031010");
    public static readonly LifeCycleOf OfApplication = new(RegistryScope.Applications, Application);

    public static readonly CheckDefinition Closed = new(new CheckCommand.LifeCycle(OfApplication), new Expectation.State(0x0F), new Expectation.State(0x07));

    public static CardProduct Good { get; } = new()
    {
        Name = "small",
        Version = 1,
        Profile = "globalplatform",
        Mode = KeyMode.EndToEnd,
        KeySet = "test",
        KeyVersion = 0x30,
        Diversification = KeyDiversification.Kdf3,
        SecurityLevel = SecurityLevel.CMacCEncRMacREnc,
        Selected = Application,
        Records = [Record(Grouping(0x0101, "700257 00"))],
        Close = new CloseDefinition([Grouping(0x7FFF, "")], null, [Closed]),
    };

    /// <summary>The application behind its security domain.</summary>
    public static CardProduct Behind { get; } = Good with { Selected = Aid.FromHex("A000000151000000"), Application = Application };

    public static CardProduct Of(params ReadOnlySpan<RecordDefinition> records) => Good with { Records = [.. records] };

    public static RecordDefinition Record(params ReadOnlySpan<ItemDefinition> items) =>
        new() { Name = "one", Items = [.. items], Proof = ProofKind.CardMac, Repeat = Repeat.Repeatable };

    public static ItemDefinition.Grouping Grouping(ushort id, string hex) => new(id, Bytes(hex));

    public static ItemDefinition.Grouping Secret(ushort id, string hex) => new(id, Bytes(hex)) { Secret = true };

    public static ValueList<TemplateNode> Bytes(string hex) => [new TemplateNode.Literal(ByteString.FromHex(hex))];

    public static ValueList<TemplateNode> Field(string name, FieldEncoding encoding) => [new TemplateNode.Field(name, encoding)];

    public static CheckDefinition Read(byte file, string done, string? notDone = null) =>
        new(new CheckCommand.ReadRecord(file, 1), new Expectation.Exactly(Bytes(done)), notDone is null ? null : new Expectation.Exactly(Bytes(notDone)));

    public static CardPlan Plan(CardProduct product, params ReadOnlySpan<(string Name, string Text)> fields)
    {
        var made = Create(product, fields);
        Assert.That(made.Errors, Is.Empty);
        return made.Plan!;
    }

    public static PlanResult Create(CardProduct product, params ReadOnlySpan<(string Name, string Text)> fields)
    {
        var all = new Dictionary<string, string>();
        foreach (var (name, text) in fields) all.Add(name, text);
        return CardPlan.Create(product, all);
    }

    public static string[] Hex(IReadOnlyList<CardCommand> commands) => [.. commands.Select(c => c.Apdu.ToBytes().ToString())];

    /// <summary>Pads as a DEK would, and turns every bit, so that what is encrypted shows.</summary>
    public sealed class Inverting : IDataEncryption
    {
        public ByteString Encrypt(ReadOnlySpan<byte> plain)
        {
            var padded = new byte[DataEncryption.LengthOf(plain.Length)];
            plain.CopyTo(padded);
            if (padded.Length > plain.Length) padded[plain.Length] = 0x80;
            return ByteString.Own([.. padded.Select(b => (byte)~b)]);
        }
    }
}
