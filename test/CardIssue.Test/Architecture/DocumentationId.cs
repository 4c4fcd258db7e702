using System.Globalization;
using System.Reflection;

namespace CardIssue.Test.Architecture;

/// <summary>A type's or member's name as the compiler writes it into the file of comments (C# language specification, D.4.2).</summary>
internal static class DocumentationId
{
    public static string Of(Type type) => $"T:{Name(type)}";

    public static string Of(MemberInfo member) => member switch
    {
        FieldInfo field => $"F:{Name(field.DeclaringType!)}.{field.Name}",
        EventInfo of => $"E:{Name(of.DeclaringType!)}.{Plain(of.Name)}",
        PropertyInfo property => $"P:{Name(property.DeclaringType!)}.{Plain(property.Name)}{Parameters(property.GetIndexParameters())}",
        MethodBase method => $"M:{Name(method.DeclaringType!)}.{Plain(method.Name)}{Arity(method)}{Parameters(method.GetParameters())}{Converted(method)}",
        _ => throw new ArgumentException($"{member} is no member of this kind."),
    };

    private static string Name(Type type) => type.FullName!.Replace('+', '.');

    private static string Plain(string name) => name.Replace('.', '#').Replace('<', '{').Replace('>', '}');

    private static string Arity(MethodBase method) => method.IsGenericMethodDefinition ? $"``{method.GetGenericArguments().Length}" : "";

    private static string Converted(MethodBase method) =>
        method is MethodInfo { Name: "op_Implicit" or "op_Explicit" } conversion ? $"~{Used(conversion.ReturnType)}" : "";

    private static string Parameters(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : $"({string.Join(',', parameters.Select(parameter => Used(parameter.ParameterType)))})";

    /// <summary>A type as it stands in a signature.</summary>
    private static string Used(Type type)
    {
        if (type.IsByRef) return Used(type.GetElementType()!) + "@";
        if (type.IsPointer) return Used(type.GetElementType()!) + "*";
        if (type.IsArray) return Used(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter) return $"{(type.DeclaringMethod is null ? "`" : "``")}{type.GenericParameterPosition}";
        if (!type.IsGenericType) return Name(type);
        return Name(type.GetGenericTypeDefinition()).Split('.').Aggregate((Text: "", Taken: 0), (made, part) =>
        {
            var mark = part.IndexOf('`', StringComparison.Ordinal);
            var own = mark < 0 ? 0 : int.Parse(part[(mark + 1)..], CultureInfo.InvariantCulture);
            var arguments = type.GetGenericArguments()[made.Taken..(made.Taken + own)].Select(Used);
            var text = own == 0 ? part : $"{part[..mark]}{{{string.Join(',', arguments)}}}";
            return (made.Text.Length == 0 ? text : $"{made.Text}.{text}", made.Taken + own);
        }).Text;
    }
}
