using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products;

/// <summary>Card content: load files and applications.</summary>
internal static partial class ProductRules
{
    /// <summary>The most programs of one product.</summary>
    public const int MaxPrograms = 32;

    private const byte CardResetPrivilege = 0x04;

    private static IEnumerable<string> ProgramFaults(CardProduct product)
    {
        var programs = product.Programs;
        List<ItemDefinition> items = [.. AllItems(product), .. product.Rewrites.SelectMany(rewrite => AllItems(product.Rewrite(rewrite.Name)!))];
        if (programs.Count > MaxPrograms) yield return $"a product has {MaxPrograms} programs at the most";
        for (var i = 0; i < programs.Count; i++)
        {
            if (programs.Take(i).Any(other => other.Name == programs[i].Name))
                yield return $"two programs have the name {programs[i].Name}";
            if (programs.Take(i).Any(other => other.Package == programs[i].Package))
                yield return $"two programs are package {programs[i].Package}";
            if (!items.Any(item => NameIn(item) == programs[i].Name))
                yield return $"program {programs[i].Name} is loaded and installed by no record";
        }
    }

    private static string? NameIn(ItemDefinition item) => item switch
    {
        ItemDefinition.Load load => load.Program,
        ItemDefinition.Install install => install.Program,
        _ => null,
    };

    /// <summary>
    /// What looks by itself is a record of its own: its script deletes what was there, or looks at its end, and so a repeat does no harm.
    /// </summary>
    private static IEnumerable<(string Property, string Message)> ContentFaults(CardProduct product, RecordDefinition record)
    {
        foreach (var item in record.Items)
            if (ContentFault(product, item) is { } fault) yield return ("items", fault);
        if (record.Items.Count > 0 && record.Items[^1] is ItemDefinition.Delete && record.Status is null && record.Checks.Count == 0)
            yield return ("items", "a delete stands before something that the card answers with a MAC, for that nothing was there has none");
        if (!record.Items.Any(item => item.LooksByItself)) yield break;
        if (record.Items.Count > 1 || record.Status is not null)
            yield return ("items", $"{What(record)} is a record of its own");
        if (record.Proof is not (ProofKind.CardMac or ProofKind.TerminalWord))
            yield return ("proof", $"{What(record)} is proved by cardMac, or terminalWord where responses carry none");
        if (record.Repeat is RepeatRule.LookFirst)
            yield return ("repeat", $"{What(record)} looks by itself whether it is there: repeatable, or startOver");
    }

    private static string What(RecordDefinition record) =>
        record.Items.Any(item => item is ItemDefinition.Load or ItemDefinition.Install) ? "what loads or installs a program"
            : "what changes the card's registry";

    private static string? ContentFault(CardProduct product, ItemDefinition item)
    {
        if (NameIn(item) is { } name && product.Program(name) is null) return $"there is no program {name} among the product's programs";
        return item switch
        {
            ItemDefinition.Load { Hash: LoadFileHash.None } load when load.Dap.Count > 0 || !load.Token.IsEmpty =>
                "a token or a DAP block is about a load file's hash: sha1 or sha256",
            ItemDefinition.Install { Privileges.Length: not (1 or 3) } => "privileges have 1 or 3 bytes",
            ItemDefinition.Install { MakeSelectable: false } install when (install.Privileges[0] & CardResetPrivilege) != 0 =>
                "what can't be selected yet can't be selected by a reset either: makeSelectable, or without privilege 04",
            ItemDefinition.Extradite it when it.Aid == it.SecurityDomain => "no security domain belongs to itself",
            ItemDefinition.RegistryUpdate it when it.Aid == it.SecurityDomain => "no security domain belongs to itself",
            ItemDefinition.RegistryUpdate { Privileges.Length: not (0 or 1 or 3) } => "privileges have 1 or 3 bytes",
            ItemDefinition.RegistryUpdate { SecurityDomain: null, Privileges.IsEmpty: true, Parameters.IsEmpty: true } =>
                "a registry update changes something: privileges, securityDomain or parameters",
            _ => null,
        };
    }
}
