using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Approvals;

/// <summary>
/// What undoes safety, and so is asked for by one person and approved by another: there is no other way to the same effect. Holds no secret; it is kept
/// as JSON.
/// </summary>
public abstract record CenterAct
{
    private CenterAct() { }

    /// <summary>Voids an order. Its card is blocked at the issuer first and never used again; an order without one is voided at once.</summary>
    /// <param name="Order">The order.</param>
    /// <param name="Card">A card that log or people know and the store does not, of an order in quarantine; blocked like a bound one.</param>
    public sealed record VoidOrder(OrderId Order, CardId? Card = null) : CenterAct;

    /// <summary>
    /// Ends an order's quarantine as log and card showed. A card that it had and has no more is blocked at the issuer first, stays in the registry as one never
    /// to be used again, and until the issuer was told the order goes on nowhere.
    /// </summary>
    /// <param name="Order">The order.</param>
    /// <param name="Found">What log and card showed.</param>
    /// <param name="Dropped">Another card that log or people know and the store does not, which it goes on without.</param>
    public sealed record ReconcileOrder(OrderId Order, Reconciliation Found, CardId? Dropped = null) : CenterAct;

    /// <summary>
    /// Says that all that was lost when the store was put back is settled: what is imported from now on is new, and is not quarantined any more. Not before
    /// every order that was quarantined for it is settled.
    /// </summary>
    public sealed record SettlePutBack : CenterAct;

    /// <summary>Settles from a later log what a restore left in quarantine; approved, that very plan is carried out once (<see cref="IApprovals.UseAsync"/> or what does it).</summary>
    /// <param name="Plan">SHA-256 of the plan.</param>
    /// <param name="Orders">How many orders it settles.</param>
    internal sealed record SettleFromLog(ByteString Plan, int Orders) : CenterAct;

    /// <summary>Clears a card's authentication tries.</summary>
    public sealed record UnbarCard(CardId Card) : CenterAct;

    /// <summary>Clears the wrong issue codes that are counted for a customer.</summary>
    /// <param name="Customer">The customer's id.</param>
    /// <param name="Issuer">Whose customer; null for the center's own.</param>
    public sealed record ClearCodeTries(string Customer, IssuerId? Issuer = null) : CenterAct;

    /// <summary>Makes a terminal known that may come from more than <see cref="TerminalRecord.MaxAddressesAlone"/> address.</summary>
    public sealed record PutTerminal(TerminalRecord Terminal) : CenterAct;

    /// <summary>Lets a terminal in again that was disabled.</summary>
    public sealed record EnableTerminal(TerminalId Terminal) : CenterAct;

    /// <summary>Makes a card master key of the components that are in; approved, it is used once (<see cref="IApprovals.UseAsync"/>).</summary>
    public sealed record MakeKey(string KeySet, byte KeyVersion, CardKeyAlgorithm Algorithm, ByteString CheckValue) : CenterAct;

    /// <summary>Destroys a card master key; approved, it is used once.</summary>
    public sealed record DestroyKey(string KeySet, byte KeyVersion, ByteString CheckValue) : CenterAct;

    /// <summary>Destroys a key that orders are encrypted to, for good; approved, it is used once.</summary>
    /// <param name="Version">Its number (<see cref="OrderFileKeyInfo.Version"/>).</param>
    /// <param name="Certificate">SHA-256 of its certificate (<see cref="OrderFileKeyInfo.Fingerprint"/>), 32 bytes.</param>
    public sealed record DestroyOrderKey(int Version, ByteString Certificate) : CenterAct;

    /// <summary>Gives a person an account. Its first password is in two halves: whoever asks has one, whoever approves the other.</summary>
    /// <param name="Person">The name.</param>
    /// <param name="Roles">What the person may do.</param>
    /// <param name="Issuer">Whose people he is one of, for good; null for the center's own.</param>
    public sealed record AddPerson(PersonName Person, PersonRoles Roles, IssuerId? Issuer = null) : CenterAct;

    /// <summary>Gives a person other roles.</summary>
    public sealed record SetRoles(PersonName Person, PersonRoles Roles) : CenterAct;

    /// <summary>Gives somebody who forgot his password a new one, in two halves, to be changed at once.</summary>
    public sealed record ResetPassword(PersonName Person) : CenterAct;

    /// <summary>Lifts the lock of an account.</summary>
    public sealed record UnlockPerson(PersonName Person) : CenterAct;

    /// <summary>
    /// Makes an issuer known, or gives one further key sets: such as are nobody's and no product names yet. None is ever taken away.
    /// </summary>
    /// <param name="Issuer">The issuer.</param>
    /// <param name="KeySets">The key sets that he gets besides those that he has; at least one.</param>
    public sealed record PutIssuer(IssuerId Issuer, ValueList<string> KeySets) : CenterAct;

    /// <summary>Who may ask for it.</summary>
    public PersonRoles MayAsk => this switch
    {
        VoidOrder or ReconcileOrder or SettlePutBack or SettleFromLog or UnbarCard or ClearCodeTries => PersonRoles.Clerk | PersonRoles.Supervisor,
        _ => MayApprove,
    };

    /// <summary>Who may approve it, if it is another person.</summary>
    public PersonRoles MayApprove => IsOfAKey ? PersonRoles.KeyCustodian : PersonRoles.Supervisor;

    /// <summary>Whether it is carried out later, by what uses the approval; everything else is carried out in the approval's own commit.</summary>
    public bool IsUsedLater => IsOfAKey || this is SettleFromLog;

    /// <summary>Whether it makes a password that must be changed, half of which each of both gets.</summary>
    public bool MakesPassword => this is AddPerson or ResetPassword;

    /// <summary>Whether it is done to a key, in the vault.</summary>
    private bool IsOfAKey => this is MakeKey or DestroyKey or DestroyOrderKey;

    /// <summary>The order that it is about.</summary>
    public OrderId? AboutOrder => this switch { VoidOrder it => it.Order, ReconcileOrder it => it.Order, _ => null };

    /// <summary>The terminal that it is about.</summary>
    public TerminalId? AboutTerminal => this switch { PutTerminal it => it.Terminal.Terminal, EnableTerminal it => it.Terminal, _ => null };

    /// <summary>As JSON: an object whose <c>act</c> says which.</summary>
    public string ToJson() => CenterActJson.Write(this);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static CenterAct Parse(string json) => CenterActJson.Read(json);

    /// <summary>In plain words, on one line.</summary>
    public sealed override string ToString() => this switch
    {
        VoidOrder it => $"void order {it.Order}{(it.Card is { } card ? $" and block card {card}" : "")}",
        ReconcileOrder { Found: Reconciliation.WasIssued(var card) } it => $"end the quarantine of order {it.Order}: it was issued as card {card}{But(it)}",
        ReconcileOrder { Found: Reconciliation.GoesOn found } it =>
            $"end the quarantine of order {it.Order}: it goes on {(found.Card is { } card ? $"with card {card}" : "WITHOUT A CARD")} at {found.Progress}"
            + $"{(found.Closing ? ", closing" : "")}{But(it)}",
        SettleFromLog it => $"settle {it.Orders} orders from a later log, by plan {it.Plan}",
        SettlePutBack => "settle what was lost when the center was put back: what is imported from now on is issued",
        UnbarCard it => $"clear the authentication tries of card {it.Card}",
        ClearCodeTries it => $"clear the wrong issue codes of customer {it.Customer}{Of(it.Issuer)}",
        PutTerminal it => $"let in terminal {it.Terminal.Terminal} on lines {string.Join(", ", it.Terminal.Lines)} from {string.Join(", ", it.Terminal.Networks)}",
        EnableTerminal it => $"let terminal {it.Terminal} in again",
        MakeKey it => $"make key {it.KeySet} version {it.KeyVersion:X2}, {it.Algorithm}, check value {it.CheckValue}",
        DestroyKey it => $"DESTROY key {it.KeySet} version {it.KeyVersion:X2}, check value {it.CheckValue}",
        DestroyOrderKey it => $"DESTROY key {it.Version} that orders are encrypted to, certificate SHA-256 {it.Certificate}",
        AddPerson it => $"give {it.Person} an account as {it.Roles}{Of(it.Issuer)}",
        SetRoles it => $"make {it.Person} {it.Roles}",
        ResetPassword it => $"give {it.Person} a new password",
        UnlockPerson it => $"lift the lock of {it.Person}",
        PutIssuer it => $"let issuer {it.Issuer} have key sets {string.Join(", ", it.KeySets)}",
        _ => GetType().Name,
    };

    private static string Of(IssuerId? issuer) => issuer is { } of ? $" of issuer {of}" : "";

    private static string But(ReconcileOrder act) => act.Dropped is { } card ? $"; block card {card}" : "";
}
