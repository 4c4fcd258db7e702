using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Approvals;

/// <summary>Acts as JSON: one flat object each.</summary>
internal static class CenterActJson
{
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static string Write(CenterAct act) => JsonSerializer.Serialize(act switch
    {
        CenterAct.VoidOrder it => new Fields("voidOrder") { Order = it.Order.Value, Card = Hex(it.Card) },
        CenterAct.ReconcileOrder { Found: Reconciliation.WasIssued(var card) } it =>
            new Fields("reconcileOrder") { Order = it.Order.Value, Issued = true, Card = Hex(card), Dropped = Hex(it.Dropped) },
        CenterAct.ReconcileOrder { Found: Reconciliation.GoesOn found } it => new Fields("reconcileOrder")
        {
            Order = it.Order.Value, Issued = false, Card = Hex(found.Card), Dropped = Hex(it.Dropped), Confirmed = found.Progress.Confirmed,
            InDoubt = found.Progress.InDoubt, Attempt = found.Progress.Attempt, Furthest = found.Progress.Furthest, Closing = found.Closing,
        },
        CenterAct.SettlePutBack => new Fields("settlePutBack"),
        CenterAct.SettleFromLog it => new Fields("settleFromLog") { Plan = it.Plan.ToString(), Orders = it.Orders },
        CenterAct.UnbarCard it => new Fields("unbarCard") { Card = Hex(it.Card) },
        CenterAct.ClearCodeTries it => new Fields("clearCodeTries") { Customer = it.Customer, Issuer = it.Issuer?.Value },
        CenterAct.PutTerminal it => Of(it.Terminal),
        CenterAct.EnableTerminal it => new Fields("enableTerminal") { Terminal = it.Terminal.Value },
        CenterAct.MakeKey it => new Fields("makeKey") { KeySet = it.KeySet, KeyVersion = it.KeyVersion, Algorithm = it.Algorithm, CheckValue = it.CheckValue.ToString() },
        CenterAct.DestroyKey it => new Fields("destroyKey") { KeySet = it.KeySet, KeyVersion = it.KeyVersion, CheckValue = it.CheckValue.ToString() },
        CenterAct.DestroyOrderKey it => new Fields("destroyOrderKey") { KeyVersion = it.Version, Certificate = it.Certificate.ToString() },
        CenterAct.AddPerson it => new Fields("addPerson") { Person = it.Person.Value, Roles = it.Roles, Issuer = it.Issuer?.Value },
        CenterAct.SetRoles it => new Fields("setRoles") { Person = it.Person.Value, Roles = it.Roles },
        CenterAct.ResetPassword it => new Fields("resetPassword") { Person = it.Person.Value },
        CenterAct.UnlockPerson it => new Fields("unlockPerson") { Person = it.Person.Value },
        CenterAct.PutIssuer it => new Fields("putIssuer") { Issuer = it.Issuer.Value, KeySets = [.. it.KeySets] },
        _ => throw new InvalidOperationException($"unknown act {act.GetType().Name}"),
    }, Form);

    public static CenterAct Read(string json)
    {
        try
        {
            return Of(JsonSerializer.Deserialize<Fields>(json, Form) ?? throw new FormatException("It is no act."));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or OverflowException or ArgumentException)
        {
            throw new FormatException("It is no act.", e);
        }
    }

    private static CenterAct Of(Fields it) => it.Act switch
    {
        "voidOrder" => new CenterAct.VoidOrder(Order(it), Card(it.Card)),
        "reconcileOrder" => new CenterAct.ReconcileOrder(Order(it), it.Issued == true
            ? new Reconciliation.WasIssued(Card(it.Card)!.Value)
            : new Reconciliation.GoesOn(
                Card(it.Card), new OrderProgress(it.Confirmed!.Value, it.InDoubt!.Value, it.Attempt!.Value, it.Furthest!.Value), it.Closing!.Value), Card(it.Dropped)),
        "settlePutBack" => new CenterAct.SettlePutBack(),
        "settleFromLog" => new CenterAct.SettleFromLog(ByteString.FromHex(Need(it.Plan)), it.Orders!.Value),
        "unbarCard" => new CenterAct.UnbarCard(Card(it.Card)!.Value),
        "clearCodeTries" => new CenterAct.ClearCodeTries(Need(it.Customer), Issuer(it)),
        "putTerminal" => new CenterAct.PutTerminal(TerminalOf(it)),
        "enableTerminal" => new CenterAct.EnableTerminal(new TerminalId(Need(it.Terminal))),
        "makeKey" => new CenterAct.MakeKey(Need(it.KeySet), checked((byte)it.KeyVersion!.Value), it.Algorithm!.Value, ByteString.FromHex(Need(it.CheckValue))),
        "destroyKey" => new CenterAct.DestroyKey(Need(it.KeySet), checked((byte)it.KeyVersion!.Value), ByteString.FromHex(Need(it.CheckValue))),
        "destroyOrderKey" => new CenterAct.DestroyOrderKey(it.KeyVersion!.Value, ByteString.FromHex(Need(it.Certificate))),
        "addPerson" => new CenterAct.AddPerson(new PersonName(Need(it.Person)), it.Roles!.Value, Issuer(it)),
        "setRoles" => new CenterAct.SetRoles(new PersonName(Need(it.Person)), it.Roles!.Value),
        "resetPassword" => new CenterAct.ResetPassword(new PersonName(Need(it.Person))),
        "unlockPerson" => new CenterAct.UnlockPerson(new PersonName(Need(it.Person))),
        "putIssuer" => new CenterAct.PutIssuer(new IssuerId(Need(it.Issuer)), [.. it.KeySets!]),
        _ => throw new FormatException("It is no act that this program knows."),
    };

    private static Fields Of(TerminalRecord it) => new("putTerminal")
    {
        Terminal = it.Terminal.Value, Lines = [.. it.Lines.Select(line => line.Value)], Networks = [.. it.Networks.Select(network => network.ToString())],
        CredentialKey = it.CredentialKey.ToString(), AgreementKey = it.AgreementKey.ToString(), Certificate = it.Certificate.ToString(),
        KeyVersion = it.KeyVersion, Enabled = it.Enabled,
    };

    private static TerminalRecord TerminalOf(Fields it) => new(
        new TerminalId(Need(it.Terminal)), [.. it.Lines!.Select(line => new LineNumber(line))], [.. it.Networks!.Select(network => IPNetwork.Parse(network))],
        ByteString.FromHex(Need(it.CredentialKey)), ByteString.FromHex(Need(it.AgreementKey)), ByteString.FromHex(it.Certificate ?? ""),
        it.KeyVersion!.Value, it.Enabled!.Value);

    private static string? Hex(CardId? card) => card?.ToString();

    private static OrderId Order(Fields it) => new(Need(it.Order));

    private static CardId? Card(string? hex) => hex is null ? null : new CardId(ByteString.FromHex(hex));

    private static IssuerId? Issuer(Fields it) => it.Issuer is null ? null : new IssuerId(it.Issuer);

    private static string Need(string? text) => text ?? throw new FormatException("A field of the act is missing.");

    private sealed record Fields(string Act)
    {
        public string? Order { get; init; }
        public bool? Issued { get; init; }
        public string? Card { get; init; }
        public string? Dropped { get; init; }
        public int? Confirmed { get; init; }
        public int? InDoubt { get; init; }
        public int? Attempt { get; init; }
        public int? Furthest { get; init; }
        public bool? Closing { get; init; }
        public string? Plan { get; init; }
        public int? Orders { get; init; }
        public string? Customer { get; init; }
        public string? Terminal { get; init; }
        public int[]? Lines { get; init; }
        public string[]? Networks { get; init; }
        public string? CredentialKey { get; init; }
        public string? AgreementKey { get; init; }
        public string? Certificate { get; init; }
        public bool? Enabled { get; init; }
        public string? KeySet { get; init; }
        public int? KeyVersion { get; init; }
        public CardKeyAlgorithm? Algorithm { get; init; }
        public string? CheckValue { get; init; }
        public string? Person { get; init; }
        public PersonRoles? Roles { get; init; }
        public string? Issuer { get; init; }
        public string[]? KeySets { get; init; }
    }
}
