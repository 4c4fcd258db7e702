using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Programs;

namespace CardIssue.Core.Cards.Products;

/// <summary>Whether the programs that a product names are there, and are what it says: what a product by itself can't show.</summary>
public static class ProgramRules
{
    /// <summary>All that does not fit.</summary>
    /// <param name="product">The product.</param>
    /// <param name="programs">The programs that there are.</param>
    public static IReadOnlyList<ProductFault> Check(CardProduct product, CardPrograms programs)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(programs);
        var faults = new List<ProductFault>();
        foreach (var named in product.Programs)
            if (NamedFault(product, named, programs) is { } fault) faults.Add(new ProductFault("programs", 0, fault));
        if (faults.Count > 0) return faults;
        for (var i = 0; i < product.Records.Count; i++)
            foreach (var item in product.Records[i].Items)
                if (ItemFault(product, item, programs) is { } fault) faults.Add(new ProductFault("items", i + 1, fault));
        return faults;
    }

    private static string? NamedFault(CardProduct product, ProductProgram named, CardPrograms programs)
    {
        if (programs.Find(named.Sha256) is not { } cap)
            return $"program {named.Name}, SHA-256 {named.Sha256}, is not in the center: program add";
        if (cap.Package != named.Package || cap.Version != named.Version)
            return $"program {named.Name} is package {cap.Package} {cap.Version}; the product says {named.Package} {named.Version}";
        foreach (var import in cap.Imports)
        {
            // What the card brings itself, nobody here knows.
            var other = product.Programs.FirstOrDefault(program => program.Package == import.Package);
            if (other is not null && (other.Version.Major != import.Version.Major || other.Version.Minor < import.Version.Minor))
                return $"program {named.Name} needs package {import.Package} {import.Version}; {other.Name} is {other.Version}";
        }
        return null;
    }

    private static string? ItemFault(CardProduct product, ItemDefinition item, CardPrograms programs)
    {
        if (item is ItemDefinition.Load load)
        {
            if (Cap(load.Program) is not { } cap) return $"there is no program {load.Program}";
            var length = Load.StreamLength(cap.Block.Length, load.Dap);
            var most = ProgramWriter.MaxStream(product);
            return length <= most ? null
                : $"program {load.Program} makes {length} bytes for LOAD; {Load.MaxBlocks} commands carry {most} at this security level";
        }
        if (item is not ItemDefinition.Install { Program: { } program } install) return null;
        return Cap(program) is not { } from ? $"there is no program {program}"
            : from.Applets.Contains(install.Module) ? null
            : $"program {program} has no applet {install.Module}; it has {Names(from)}";

        CapFile? Cap(string name) => product.Program(name) is { } named ? programs.Find(named.Sha256) : null;
    }

    private static string Names(CapFile cap) => cap.Applets.Count == 0 ? "none" : string.Join(", ", cap.Applets);
}
