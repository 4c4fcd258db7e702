using CardIssue.Center.People;

namespace CardIssue.CenterHost.Cli;

/// <summary>Who may do what at the console. Each command stands in one of these two lists; what undoes safety needs another person besides.</summary>
internal static class CommandRoles
{
    private const PersonRoles Desk = PersonRoles.Clerk | PersonRoles.Supervisor, Log = PersonRoles.Auditor | PersonRoles.Supervisor,
        Supervisor = PersonRoles.Supervisor, Custodian = PersonRoles.KeyCustodian, Any = PersonRoles.Any;

    /// <summary>What nobody is asked for: what makes the first people, what needs the old password, what reads public things alone;
    /// what a watch asks again and again, and says nothing of orders;
    /// and a restore, for where the store is gone nobody has an account: the vault's passphrase is asked for, and all that it brings back is quarantined.</summary>
    public static readonly IReadOnlySet<string> Public = new HashSet<string>
    {
        "init", "person begin", "person password", "log verify", "product check", "product test", "restore", "health",
    };

    /// <summary>Who may do each of the others: whoever has one of these roles.</summary>
    public static readonly IReadOnlyDictionary<string, PersonRoles> Of = new Dictionary<string, PersonRoles>
    {
        ["serve"] = Desk, ["status"] = Any, ["backup"] = Log, ["migrate"] = Supervisor, ["join"] = Supervisor,
        ["issuer add"] = Supervisor, ["issuer list"] = Any,
        ["line add"] = Supervisor, ["line list"] = Any, ["line remove"] = Supervisor,
        ["terminal add"] = Supervisor, ["terminal list"] = Any, ["terminal enable"] = Supervisor, ["terminal branch"] = Supervisor, ["terminal disable"] = Desk, ["terminal release"] = Desk, ["terminal remove"] = Desk,
        ["session list"] = Any, ["session end"] = Desk,
        ["reader add"] = Supervisor, ["reader list"] = Any, ["reader remove"] = Supervisor,
        ["reader pending"] = Any, ["reader approve"] = Supervisor, ["reader decline"] = Supervisor,
        ["key begin"] = Custodian, ["key enter"] = Custodian, ["key complete"] = Custodian, ["key cancel"] = Custodian, ["key ceremony"] = Custodian,
        ["key destroy"] = Custodian, ["key list"] = Custodian | Log,
        ["product list"] = Any, ["product preview"] = Log,
        ["program add"] = Supervisor, ["program list"] = Any, ["program show"] = Any, ["program remove"] = Supervisor,
        ["order key make"] = Custodian, ["order key list"] = Any, ["order key export"] = Any, ["order key destroy"] = Custodian,
        ["order import"] = Desk, ["order list"] = Any, ["order show"] = Any, ["order receipt"] = Desk | Log, ["order retry"] = Desk, ["order void"] = Desk, ["order cancel"] = Desk,
        ["order quarantine"] = Supervisor, ["order reconcile"] = Desk, ["order settle"] = Desk, ["order renew-code"] = Desk, ["order clear-tries"] = Desk, ["order reissue"] = Desk,
        ["card list"] = Any, ["card show"] = Any, ["card unbar"] = Desk,
        ["stock deliver"] = Desk, ["stock scrap"] = Desk, ["stock count"] = Desk, ["stock list"] = Any,
        ["log show"] = Log, ["log export"] = Log, ["log archive"] = Supervisor, ["log checkpoint"] = Log,
        ["vault show"] = Custodian | Log, ["vault passphrase"] = Custodian | Supervisor, ["vault rotate"] = Custodian, ["vault rewrap"] = Custodian | Supervisor,
        ["certificate make"] = Custodian, ["certificate show"] = Any, ["certificate change"] = Custodian,
        ["center-keys make"] = Custodian, ["center-keys show"] = Any, ["center-keys change"] = Custodian, ["center-keys end"] = Custodian,
        ["person list"] = Log, ["person add"] = Supervisor, ["person roles"] = Supervisor, ["person reset"] = Supervisor,
        ["person lock"] = Supervisor, ["person unlock"] = Supervisor,
        ["approval list"] = Any, ["approval show"] = Any, ["approval approve"] = Supervisor | Custodian, ["approval decline"] = Any,
    };

    /// <summary>What an issuer's people may do by their roles: what is about his orders, cards, products, keys and people, and shows nothing of another's.
    /// Everything else is for the center's own.</summary>
    public static readonly IReadOnlySet<string> OfIssuer = new HashSet<string>
    {
        "issuer list", "product list", "product check", "order key list", "order key export",
        "order import", "order list", "order show", "order receipt", "order retry", "order void", "order cancel", "order renew-code", "order clear-tries", "order reissue",
        "card list", "card show",
        "key begin", "key enter", "key complete", "key cancel", "key ceremony", "key destroy", "key list",
        "person list", "person add", "person roles", "person reset", "person lock", "person unlock",
        "approval list", "approval show", "approval approve", "approval decline",
    };

    /// <summary>Who may do more with a <see cref="Public"/> command: have it look into a center, too.</summary>
    private static readonly Dictionary<string, PersonRoles> WithCenter = new() { ["product check"] = Any };

    /// <summary>Who may give a command that opens a center.</summary>
    public static PersonRoles Needed(string command) => Of.TryGetValue(command, out var roles) ? roles : WithCenter[command];
}
