using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <content>Its application programs.</content>
public sealed partial record CardProduct
{
    /// <summary>The application programs that its records load, or install from.</summary>
    public ValueList<ProductProgram> Programs { get; init; }

    /// <summary>The program of that name; null when there is none.</summary>
    internal ProductProgram? Program(string name) => Programs.FirstOrDefault(program => program.Name == name);

    /// <summary>The load file that an application comes from; <c>default</c> where its program is not among <see cref="Programs"/>.</summary>
    internal Aid LoadFileOf(ItemDefinition.Install install) => install.LoadFile ?? Program(install.Program ?? "")?.Package ?? default;
}
